"""Ask a server one question of its own protocol, to see whether it takes clients now.

An open port is not enough: a forwarding proxy accepts before the server behind it listens, and
a frozen server's kernel accepts for it. Plain sockets, so that code with or without an event
loop may ask.
"""

import socket
import struct
from collections.abc import Callable

_TIMEOUT_S = 1.0

# An ApiVersions request, version 0: length, key 18, version 0, correlation 1, no client id.
_API_VERSIONS_REQUEST = bytes.fromhex("0000000a 0012 0000 00000001 ffff")
# The answer starts with its length and the correlation id.
_KAFKA_ANSWER_START = 8

_PROTOCOL_3 = 0x0003_0000
_STARTUP_PARAMETERS = b"user\0postgres\0database\0postgres\0\0"
_ANSWER_BYTES_MAX = 1024
# cannot_connect_now: the server starts, stops or recovers. Any other answer is a server at work.
_NOT_NOW = b"57P03"


def kafka_answers(host: str, port: int) -> bool:
    """Tell whether a Kafka broker answers at the address."""
    return _ask(host, port, answers_as_kafka)


def postgres_answers(host: str, port: int) -> bool:
    """Tell whether a PostgreSQL server takes logins at the address; none is made."""
    return _ask(host, port, answers_as_postgres)


def answers_as_kafka(connection: socket.socket) -> bool:
    """Send the first request of every Kafka client, and look for the head of its answer."""
    connection.sendall(_API_VERSIONS_REQUEST)
    answer = connection.recv(_KAFKA_ANSWER_START, socket.MSG_WAITALL)
    return len(answer) == _KAFKA_ANSWER_START and answer[4:] == _API_VERSIONS_REQUEST[8:12]


def answers_as_postgres(connection: socket.socket) -> bool:
    """Begin a login, and see whether the server goes on with it or says that it cannot now."""
    length = 8 + len(_STARTUP_PARAMETERS)
    connection.sendall(struct.pack("!ii", length, _PROTOCOL_3) + _STARTUP_PARAMETERS)
    answer = connection.recv(_ANSWER_BYTES_MAX)
    return answer[:1] in {b"R", b"E"} and _NOT_NOW not in answer


def _ask(host: str, port: int, question: Callable[[socket.socket], bool]) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT_S) as connection:
            return question(connection)
    except OSError:
        return False
