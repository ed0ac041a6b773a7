"""Record headers in Kafka's own binary form, as the outbox keeps them and the relay sends them.

Written once with the event, they are never taken apart on their way to the broker.
"""

from collections.abc import Sequence
from functools import lru_cache

Headers = Sequence[tuple[str, bytes]]

_CONTINUES = 0x80
_SEVEN_BITS = 0x7F


@lru_cache(maxsize=65_536)
def varint(number: int) -> bytes:
    """Write a signed number of variable length (zigzag)."""
    rest = number << 1 if number >= 0 else (-number << 1) - 1
    written = bytearray()
    while rest > _SEVEN_BITS:
        written.append(rest & _SEVEN_BITS | _CONTINUES)
        rest >>= 7
    written.append(rest)
    return bytes(written)


@lru_cache(maxsize=1024)
def _name(name: str) -> bytes:
    encoded = name.encode()
    return varint(len(encoded)) + encoded


def encoded(headers: Headers) -> bytes:
    """Write headers: their number, then each name and value with its length."""
    parts = [varint(len(headers))]
    for name, value in headers:
        parts += (_name(name), varint(len(value)), value)
    return b"".join(parts)


def decoded(block: bytes) -> list[tuple[str, bytes]]:
    """Read what :func:`encoded` wrote; raises ValueError for anything else."""
    try:
        count, at = _read_varint(block, 0)
        headers = []
        for _ in range(count):
            name, at = _read_bytes(block, at)
            value, at = _read_bytes(block, at)
            headers.append((name.decode(), value))
    except IndexError:
        raise ValueError("the headers end too early") from None
    if at != len(block):
        raise ValueError("there is more than the headers")
    return headers


def glimpse(block: bytes, name: str) -> bytes | None:
    """Return what probably is the value of a header, without reading the others.

    Another header's value that quotes this one's binary form would be taken for it.
    """
    wanted = _name(name)
    at = block.find(wanted)
    return None if at < 0 else _read_bytes(block, at + len(wanted))[0]


def _read_varint(block: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = block[at]
        at += 1
        value |= (byte & _SEVEN_BITS) << shift
        if byte < _CONTINUES:
            return (value >> 1) ^ -(value & 1), at
        shift += 7


def _read_bytes(block: bytes, at: int) -> tuple[bytes, int]:
    length, at = _read_varint(block, at)
    if length < 0 or at + length > len(block):
        raise ValueError("a header is longer than what is left")
    return block[at : at + length], at + length
