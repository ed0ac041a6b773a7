"""What is sent to a partition: a record batch that any reader of Kafka's format takes."""

from aiokafka.record.memory_records import MemoryRecords  # type: ignore[import-untyped] # no types

from shared.events import wire
from shared.messaging import batches
from shared.messaging.batches import Batch

HEADERS = [("ce_id", b"1"), ("content-type", b"application/json")]
START_MS = 1_700_000_000_000


def a_batch(count: int) -> Batch:
    batch = Batch()
    for number in range(count):
        assert batch.add(START_MS + number, b"key", b"value %d" % number, wire.encoded(HEADERS))
    return batch


def test_reads_back_as_it_was_given() -> None:
    stored = MemoryRecords(bytes(a_batch(100)._build())).next_batch()

    assert stored.validate_crc()
    assert stored.compression_type == batches.LZ4
    read = list(stored)
    assert [record.value for record in read] == [b"value %d" % number for number in range(100)]
    assert [record.timestamp for record in read] == [START_MS + number for number in range(100)]
    assert read[0].key == b"key"
    assert list(read[0].headers) == HEADERS


def test_is_the_same_when_it_is_sent_again() -> None:
    batch = a_batch(10)

    assert bytes(batch._build()) == bytes(batch._build())


def test_takes_no_more_than_fits() -> None:
    batch = Batch()
    assert batch.add(START_MS, b"key", b"x" * (batches.BATCH_BYTES - 500), wire.encoded(HEADERS))
    assert not batch.add(START_MS, b"key", b"x" * 500, wire.encoded(HEADERS))

    stored = MemoryRecords(bytes(batch._build())).next_batch()
    assert len(list(stored)) == 1


def test_carries_a_tombstone_and_records_that_go_back_in_time() -> None:
    batch = Batch()
    assert batch.add(START_MS, b"key", None, wire.encoded([]))
    assert batch.add(START_MS - 70_000, b"key", b"older", wire.encoded(HEADERS))

    first, second = MemoryRecords(bytes(batch._build())).next_batch()
    assert (first.value, list(first.headers)) == (None, [])
    assert (second.value, second.timestamp) == (b"older", START_MS - 70_000)
