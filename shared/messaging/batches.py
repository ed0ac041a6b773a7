"""Kafka's record batch, version 2, written for what the relay has in hand.

The client's own builder takes each header apart and puts it together again, and compresses lz4 at
level 9 only: five times the cost of a whole send for a twelfth fewer bytes. This one has the
methods that the client asks of a batch.
"""

import struct

import cramjam
from aiokafka.record.util import calc_crc32c  # type: ignore[import-untyped]  # has no types

from shared.events.wire import varint

BATCH_BYTES = 262_144
LZ4 = 3
_LENGTH_BYTES_MAX = 5
_HEAD = struct.Struct(">qiibI")
"""Base offset, length after this field, leader epoch, version of the format, checksum."""
_BODY = struct.Struct(">hiqqqhii")
"""Attributes, last offset, first and last time, producer id, epoch and sequence, records."""
_AFTER_LENGTH = 9
_VERSION = 2
_NO_EPOCH = -1


class Batch:
    """Records for one partition, in the order in which they are added."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._parts: list[bytes] = []
        self._count = 0
        self._size = _HEAD.size + _BODY.size
        self._first_ms = 0
        self._last_ms = 0
        self._producer = (-1, -1, -1)
        self._sendable: bytes | None = None

    def add(self, timestamp_ms: int, key: bytes, value: bytes | None, headers: bytes) -> bool:
        """Append a record whose headers are encoded, or tell that the batch is full."""
        if not self._count:
            self._first_ms = self._last_ms = timestamp_ms
        record = b"".join(
            (
                b"\x00",
                varint(timestamp_ms - self._first_ms),
                varint(self._count),
                varint(len(key)),
                key,
                varint(-1 if value is None else len(value)),
                value or b"",
                headers,
            )
        )
        size = self._size + len(record) + _LENGTH_BYTES_MAX
        if size > BATCH_BYTES:
            return False
        self._parts += (varint(len(record)), record)
        self._size = size
        self._count += 1
        self._last_ms = max(self._last_ms, timestamp_ms)
        return True

    def record_count(self) -> int:
        """Tell how many records there are."""
        return self._count

    def closed(self) -> bool:
        """Tell the client that it adds nothing."""
        return True

    def close(self) -> None:
        """Answer the client, which closes every batch."""

    def append(self, **_: object) -> None:
        """Refuse a record of the client's own ``send``: None means full."""

    def size(self) -> int:
        """Tell how many bytes there are, uncompressed."""
        return self._size

    def _set_producer_state(self, producer_id: int, epoch: int, sequence: int) -> None:
        """Take the idempotent producer's numbers, once, before the batch is first sent."""
        self._producer = (producer_id, epoch, sequence)

    def _build(self) -> bytes:
        """Return the batch as it is sent; the client asks again when it sends again."""
        if self._sendable is None:
            self._sendable = self._sealed()
            self._parts.clear()
        return self._sendable

    def _sealed(self) -> bytes:
        lz4 = cramjam.lz4.Compressor(level=1, content_checksum=False, block_linked=False)
        lz4.compress(b"".join(self._parts))
        body = _BODY.pack(
            LZ4, self._count - 1, self._first_ms, self._last_ms, *self._producer, self._count
        ) + bytes(lz4.finish())
        head = _HEAD.pack(0, _AFTER_LENGTH + len(body), _NO_EPOCH, _VERSION, calc_crc32c(body))
        return head + body
