"""Probes: only the server that was asked for, and only when it takes clients."""

import socket
from collections.abc import Callable

import pytest

from deploy.local import ports, probes


def _answering(answer: bytes, ask: Callable[[socket.socket], bool]) -> bool:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(answer)
        theirs.shutdown(socket.SHUT_WR)
        return ask(ours)


@pytest.mark.parametrize(
    ("answer", "is_kafka"),
    [
        (bytes.fromhex("0000000a 00000001 0000"), True),
        (bytes.fromhex("0000000a 00000002 0000"), False),
        (b"HTTP/1.1 400 Bad Request", False),
        (b"", False),
    ],
)
def test_kafka_is_known_by_its_answer(answer: bytes, *, is_kafka: bool) -> None:
    assert _answering(answer, probes.answers_as_kafka) is is_kafka


@pytest.mark.parametrize(
    ("answer", "takes_logins"),
    [
        (b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", True),
        (b"E\0\0\0\x20SFATAL\0C28000\0Mno entry\0\0", True),
        (b"E\0\0\0\x20SFATAL\0C57P03\0Mstarting up\0\0", False),
        (b"HTTP/1.1 400 Bad Request", False),
        (b"", False),
    ],
)
def test_postgres_is_known_by_its_answer(answer: bytes, *, takes_logins: bool) -> None:
    assert _answering(answer, probes.answers_as_postgres) is takes_logins


def test_nothing_answers_where_nothing_listens() -> None:
    port = ports.free_port()

    assert not probes.kafka_answers(ports.LOOPBACK, port)
    assert not probes.postgres_answers(ports.LOOPBACK, port)


def test_a_port_that_only_accepts_is_not_ready() -> None:
    with socket.socket() as silent:
        silent.bind((ports.LOOPBACK, 0))
        silent.listen()

        assert not probes.postgres_answers(ports.LOOPBACK, silent.getsockname()[1])
