"""What is sent to a partition: a record batch that any reader of Kafka's format takes."""

from aiokafka.record.memory_records import MemoryRecords  # type: ignore[import-untyped] # no types

from shared.messaging import kafka

HEADERS = [("ce_id", b"1"), ("content-type", b"application/json")]
START_MS = 1_700_000_000_000


def a_batch(count: int) -> kafka.Batch:
    batch = kafka.Batch()
    for number in range(count):
        assert batch.add(START_MS + number, b"key", b"value %d" % number, HEADERS)
    return batch


def test_reads_back_as_it_was_given() -> None:
    stored = MemoryRecords(bytes(a_batch(100)._build())).next_batch()

    assert stored.validate_crc()
    assert stored.compression_type == kafka._LZ4
    read = list(stored)
    assert [record.value for record in read] == [b"value %d" % number for number in range(100)]
    assert [record.timestamp for record in read] == [START_MS + number for number in range(100)]
    assert read[0].key == b"key"
    assert list(read[0].headers) == HEADERS


def test_is_the_same_when_it_is_sent_again() -> None:
    batch = a_batch(10)

    assert bytes(batch._build()) == bytes(batch._build())


def test_takes_no_more_than_fits() -> None:
    batch = kafka.Batch()
    assert batch.add(START_MS, b"key", b"x" * (kafka.BATCH_BYTES - 500), HEADERS)
    assert not batch.add(START_MS, b"key", b"x" * 500, HEADERS)

    stored = MemoryRecords(bytes(batch._build())).next_batch()
    assert len(list(stored)) == 1
