"""Everything that stands on a topic, per partition in its order, as a plain consumer reads it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.events.catalogue import PARTITIONS
from shared.messaging import kafka
from shared.messaging.kafka import AIOKafkaConsumer, KafkaError, KafkaSettings, TopicPartition
from tests.proof.oracle import Seen
from tests.support.waiting import until


class Wire:
    """Collects the records of one run from where the topic ended when it began."""

    def __init__(self, client: AIOKafkaConsumer, starts: dict[TopicPartition, int]) -> None:
        self._client = client
        self.starts = starts
        self.seen: list[Seen] = []
        self._next = dict(starts)

    async def catch_up(self) -> None:
        """Wait until everything that stands on the topic now has been read."""
        ends = await self._client.end_offsets(list(self.starts))

        async def there() -> bool:
            return all(self._next[place] >= end for place, end in ends.items())

        await until(there, what="the wire has been read to its end")

    async def read(self) -> None:
        """Collect until cancelled; a broker that is away is waited for."""
        while True:
            try:
                batches = await self._client.getmany(timeout_ms=100)
            except KafkaError:
                continue
            for place, records in batches.items():
                self.seen.extend(_seen(record.headers) for record in records)
                self._next[place] = records[-1].offset + 1


def _seen(headers: list[tuple[str, bytes]]) -> Seen:
    values = dict(headers)
    return Seen(
        subject=values["ce_subject"].decode(),
        sequence=int(values["ce_sequence"]),
        event_id=values["ce_id"].decode(),
    )


@asynccontextmanager
async def wire_of(bootstrap_servers: str, topic: str) -> AsyncIterator[Wire]:
    """Read a topic beside the block, from its present end."""
    client = kafka.reader(KafkaSettings(bootstrap_servers, "proof-wire"))
    await client.start()
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    starts = await client.end_offsets(partitions)
    client.assign(partitions)
    for partition, start in starts.items():
        client.seek(partition, start)
    wire = Wire(client, starts)
    reading = asyncio.create_task(wire.read())
    try:
        yield wire
        if reading.done():
            reading.result()
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await client.stop()
