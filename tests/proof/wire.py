"""Everything that stands on a topic, per partition in its order, as a plain consumer reads it."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias, TypeVar

from shared.events.catalogue import PARTITIONS
from shared.messaging import kafka
from shared.messaging.kafka import (
    AIOKafkaConsumer,
    ConsumerRecord,
    KafkaError,
    KafkaSettings,
    TopicPartition,
)
from shared.messaging.records import Record, record_of
from tests.proof.oracle import Seen
from tests.support.waiting import until

Raw: TypeAlias = "ConsumerRecord[bytes, bytes]"


class Reader(ABC):
    """Reads a topic from where it ended when it began."""

    def __init__(
        self, client: AIOKafkaConsumer, asking: AIOKafkaConsumer, starts: dict[int, int]
    ) -> None:
        self._client = client
        self._asking = asking
        self.starts = starts
        self._next = dict(starts)

    @abstractmethod
    def keep(self, partition: int, records: Sequence[Raw]) -> None:
        """Take over what was read."""

    async def catch_up(self) -> None:
        """Wait until everything that stands on the topic now has been read."""
        # A question on the connection of a waiting fetch would wait with it.
        ends = await self._asking.end_offsets(list(self._client.assignment()))

        async def there() -> bool:
            return all(self._next[place.partition] >= end for place, end in ends.items())

        await until(there, what="the topic has been read to its end")

    async def read(self) -> None:
        """Read until cancelled; a broker that is away is waited for."""
        while True:
            try:
                batches = await self._client.getmany(timeout_ms=100)
            except KafkaError:
                continue
            for place, records in batches.items():
                self.keep(place.partition, records)
                self._next[place.partition] = records[-1].offset + 1


class Wire(Reader):
    """What the oracle needs of each record."""

    def __init__(
        self, client: AIOKafkaConsumer, asking: AIOKafkaConsumer, starts: dict[int, int]
    ) -> None:
        """Begin with nothing seen."""
        super().__init__(client, asking, starts)
        self.seen: list[Seen] = []

    def keep(self, partition: int, records: Sequence[Raw]) -> None:
        """Note who came when; every event of the order proof has a sequence."""
        del partition  # an aggregate is on one of them
        for record in records:
            headers = dict(record.headers)
            self.seen.append(
                Seen(
                    subject=headers["ce_subject"].decode(),
                    sequence=int(headers["ce_sequence"]),
                    event_id=headers["ce_id"].decode(),
                )
            )


class Log(Reader):
    """The records themselves, to be applied again."""

    def __init__(
        self, client: AIOKafkaConsumer, asking: AIOKafkaConsumer, starts: dict[int, int]
    ) -> None:
        """Begin with nothing read."""
        super().__init__(client, asking, starts)
        self.records: dict[int, list[Record]] = {partition: [] for partition in starts}

    def keep(self, partition: int, records: Sequence[Raw]) -> None:
        """Keep them all."""
        self.records[partition].extend(record_of(record) for record in records)

    def sequenced(self) -> Iterator[tuple[str, int, str]]:
        """Return subject, sequence and id of each record that has a sequence."""
        for records in self.records.values():
            for record in records:
                if "ce_sequence" in record.headers:
                    headers = {name: value.decode() for name, value in record.headers.items()}
                    yield headers["ce_subject"], int(headers["ce_sequence"]), headers["ce_id"]

    def unsequenced(self) -> Iterator[str]:
        """Return the id of each record that has none."""
        for records in self.records.values():
            for record in records:
                if "ce_sequence" not in record.headers:
                    yield record.headers["ce_id"].decode()


R = TypeVar("R", bound=Reader)


@asynccontextmanager
async def _reading(kind: type[R], bootstrap_servers: str, topic: str) -> AsyncIterator[R]:
    settings = KafkaSettings(bootstrap_servers, "proof-reader")
    client, asking = kafka.reader(settings), kafka.reader(settings)
    await asyncio.gather(client.start(), asking.start())
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    ends = await client.end_offsets(partitions)
    client.assign(partitions)
    for place, end in ends.items():
        client.seek(place, end)
    reader = kind(client, asking, {place.partition: end for place, end in ends.items()})
    reading = asyncio.create_task(reader.read())
    try:
        yield reader
        if reading.done():
            reading.result()
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await asyncio.gather(client.stop(), asking.stop())


@asynccontextmanager
async def wire_of(bootstrap_servers: str, topic: str) -> AsyncIterator[Wire]:
    """Read a topic for the oracle beside the block, from its present end."""
    async with _reading(Wire, bootstrap_servers, topic) as wire:
        yield wire


@asynccontextmanager
async def log_of(bootstrap_servers: str, topic: str) -> AsyncIterator[Log]:
    """Keep a topic's records beside the block, from its present end."""
    async with _reading(Log, bootstrap_servers, topic) as log:
        yield log
