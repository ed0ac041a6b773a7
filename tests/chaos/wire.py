"""What the broker holds: every record of every topic, read once, and checked as it is read."""

import asyncio
import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from shared.events.catalogue import TOPICS
from shared.messaging import kafka
from shared.messaging.kafka import AIOKafkaConsumer, KafkaSettings, TopicPartition
from shared.messaging.records import Record, record_of

POLL_MS = 200
FIRST_POLL_MS = 3000
PLACES = 6
READ_DEADLINE_S = 120.0
Aggregate = tuple[str, str]
"""An aggregate's type and its subject, for example ``registry.enterprise`` and a code."""


@dataclass(slots=True)
class Copy:
    """The first copy of an event."""

    event_id: str
    type: str
    digest: bytes
    payload: bytes


@dataclass(slots=True)
class Wire:
    """All events so far: first copies by aggregate and sequence, repetitions by count."""

    ends: dict[TopicPartition, int] = field(default_factory=dict)
    events: defaultdict[Aggregate, list[Copy]] = field(default_factory=lambda: defaultdict(list))
    unsequenced: dict[str, Copy] = field(default_factory=dict)
    topic_of: dict[Aggregate, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    async def read_on(self, settings: KafkaSettings) -> None:
        """Read every topic from where the last reading ended to where it ends now."""
        async with asyncio.timeout(READ_DEADLINE_S), reading(settings) as client:
            partitions = _partitions()
            wanted = await client.end_offsets(partitions)
            client.assign(partitions)
            for partition in partitions:
                client.seek(partition, self.ends.get(partition, 0))
            await self._read_to(client, wanted)

    async def _read_to(self, client: AIOKafkaConsumer, wanted: dict[TopicPartition, int]) -> None:
        while any(self.ends.get(partition, 0) < end for partition, end in wanted.items()):
            batches = await client.getmany(timeout_ms=POLL_MS)
            for partition, records in batches.items():
                for raw in records:
                    self.take(record_of(raw))
                self.ends[partition] = records[-1].offset + 1

    def take(self, record: Record) -> None:
        """Take the next record of its partition."""
        headers = {name: value.decode() for name, value in record.headers.items()}
        kind, subject = headers["ce_type"], headers["ce_subject"]
        found = Copy(headers["ce_id"], kind, _digest(record), record.value or b"")
        self.counts["records"] += 1
        sequence = headers.get("ce_sequence")
        if sequence is None:
            known = self.unsequenced.setdefault(found.event_id, found)
            self.counts["repeated"] += known is not found
            self._compare(known, found, subject)
            return
        aggregate = (kind.rsplit(".", 2)[0], subject)
        self.topic_of[aggregate] = record.topic
        copies = self.events[aggregate]
        number = int(sequence)
        if number == len(copies) + 1:
            copies.append(found)
        elif number <= len(copies):
            self.counts["repeated"] += 1
            self._compare(copies[number - 1], found, f"{subject} {number}")
        else:
            self.violations.append(
                f"I5 {aggregate[0]} {subject}: {number} came where {len(copies) + 1} was due"
            )
            copies.extend([found] * (number - len(copies)))

    def _compare(self, first: Copy, second: Copy, what: str) -> None:
        if (first.event_id, first.digest) != (second.event_id, second.digest):
            self.violations.append(
                f"I4 {first.type} {what}: two different events in one place: "
                f"{first.event_id} and {second.event_id}"
            )

    def last(self, topics: Iterable[str]) -> dict[Aggregate, int]:
        """Return the newest sequence of every aggregate on some topics."""
        wanted = set(topics)
        return {
            aggregate: len(copies)
            for aggregate, copies in self.events.items()
            if self.topic_of[aggregate] in wanted
        }

    def ids_of(self, kind: str) -> dict[str, Aggregate]:
        """Return the ids of all events of a type with their aggregates."""
        return {
            copy.event_id: aggregate
            for aggregate, copies in self.events.items()
            for copy in copies
            if copy.type == kind
        }

    def ends_by_place(self) -> dict[tuple[str, int], int]:
        """Return how far every partition has been read."""
        return {(place.topic, place.partition): end for place, end in self.ends.items()}

    @property
    def distinct(self) -> int:
        """How many different events there are."""
        return sum(len(copies) for copies in self.events.values()) + len(self.unsequenced)


def _digest(record: Record) -> bytes:
    digest = hashlib.sha256(record.value or b"")
    for name, value in sorted(record.headers.items()):
        digest.update(name.encode() + b"\0" + value + b"\0")
    return digest.digest()


def _partitions() -> list[TopicPartition]:
    return [TopicPartition(topic.name, n) for topic in TOPICS for n in range(topic.partitions)]


@asynccontextmanager
async def reading(settings: KafkaSettings) -> AsyncIterator[AIOKafkaConsumer]:
    """Lend a reader that is connected; it is closed also where it could not connect."""
    client = kafka.reader(settings)
    try:
        await client.start()
        yield client
    finally:
        await client.stop()


async def ends(settings: KafkaSettings) -> dict[tuple[str, int], int]:
    """Return where every partition ends."""
    async with asyncio.timeout(READ_DEADLINE_S), reading(settings) as client:
        found = await client.end_offsets(_partitions())
    return {(place.topic, place.partition): end for place, end in found.items()}


async def send_again(
    settings: KafkaSettings, topics: Sequence[str], *, records: int, rng: random.Random
) -> int:
    """Send some records of a few topics again, as they are, in another order; return how many."""
    found = await _some_of(settings, topics, records, rng)
    rng.shuffle(found)
    producer = kafka.producer(settings)
    sent = 0
    try:
        await producer.start()
        for raw in found:
            await producer.send_and_wait(
                raw.topic,
                key=raw.key,
                value=raw.value,
                headers=list(raw.headers),
                partition=raw.partition,
                timestamp_ms=raw.timestamp,
            )
            sent += 1
    finally:
        await kafka.discard(producer, within_s=3)
    return sent


async def _some_of(
    settings: KafkaSettings, topics: Sequence[str], records: int, rng: random.Random
) -> list[Any]:
    """Read a stretch of records from somewhere in the middle of some partitions."""
    async with reading(settings) as client:
        partitions = [place for place in _partitions() if place.topic in topics]
        ends = await client.end_offsets(partitions)
        filled = [place for place in partitions if ends[place] > 0]
        chosen = rng.sample(filled, min(PLACES, len(filled)))
        if not chosen:
            return []
        client.assign(chosen)
        for place in chosen:
            client.seek(place, rng.randrange(ends[place]))
        batches = await client.getmany(timeout_ms=FIRST_POLL_MS, max_records=records)
        return [raw for batch in batches.values() for raw in batch]


async def stored_by_broker(settings: KafkaSettings, group: str) -> dict[tuple[str, int], int]:
    """Return the offsets that a group told the broker."""
    client = kafka.admin(settings)
    try:
        await client.start()
        found = await client.list_consumer_group_offsets(group)
    finally:
        await client.close()
    return {(place.topic, place.partition): told.offset for place, told in found.items()}
