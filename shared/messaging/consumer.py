"""Read a service's topics: one batch per partition at a time, offsets kept in the database.

A partition whose batch is being applied is paused, so memory stays bounded and the group's
heartbeats go on while a transient error is retried in place.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress

from shared import logs, metrics
from shared.db.database import Database
from shared.messaging import inbox, kafka
from shared.messaging.apply import Applier
from shared.messaging.kafka import (
    AIOKafkaConsumer,
    ConsumerRebalanceListener,
    ConsumerRecord,
    KafkaError,
    KafkaSettings,
    OffsetOutOfRangeError,
    TopicPartition,
)
from shared.messaging.records import NotYet, Record
from shared.messaging.verdict import Verdict, verdict_of

_LOG = logs.get("tongzhou.consumer")
POLL_MS = 200
POLL_WHILE_PAUSED_MS = 20
PAUSE_AFTER_S = 0.05
"""A batch that takes longer pauses its partition, so that the group's polls go on meanwhile."""
FIRST_BACKOFF_S = 0.05
LONGEST_BACKOFF_S = 5.0
CONCURRENT_BATCHES = 4
"""Batches at work at once: the requests of the same process need connections, too."""
PATIENCE_ATTEMPTS = 20
"""How often a handler may ask to wait for data of another topic before its event is parked."""
REVOKE_DEADLINE_S = 8.0
STOP_DEADLINE_S = 5.0
REJOIN_S = 1.0


class PositionLost(RuntimeError):
    """The broker no longer has what this consumer must read next: rebuild, never jump."""


class Consumer:
    """One group member, run as a task until it is cancelled."""

    def __init__(
        self, database: Database, applier: Applier, settings: KafkaSettings, topics: Sequence[str]
    ) -> None:
        """``topics`` are read by the group ``tongzhou.<consumer>``."""
        self._database = database
        self._applier = applier
        self._settings = settings
        self._topics = list(topics)
        self._client: AIOKafkaConsumer | None = None
        self._at_work: dict[TopicPartition, asyncio.Task[None]] = {}
        self._paused: set[TopicPartition] = set()
        self._turns = asyncio.Semaphore(CONCURRENT_BATCHES)

    async def run(self) -> None:
        """Consume until cancelled; a lost broker is waited for, a lost position is raised."""
        while True:
            try:
                await self._session()
            except (KafkaError, ConnectionError, OSError, TimeoutError) as error:
                _LOG.warning("consumer.broker_away", error=type(error).__name__)
                await asyncio.sleep(REJOIN_S)

    async def _session(self) -> None:
        client = kafka.consumer(self._settings, group=f"tongzhou.{self._applier.consumer}")
        self._client = client
        try:
            client.subscribe(self._topics, listener=_Listener(self))
            await client.start()
            while True:
                await self._poll(client)
        finally:
            await self._finish_work(list(self._at_work))
            with suppress(Exception):
                async with asyncio.timeout(STOP_DEADLINE_S):
                    await client.stop()
            self._client = None

    async def _poll(self, client: AIOKafkaConsumer) -> None:
        try:
            wait_ms = POLL_WHILE_PAUSED_MS if self._paused else POLL_MS
            batches = await client.getmany(timeout_ms=wait_ms, max_records=kafka.MAX_RECORDS)
        except OffsetOutOfRangeError as error:
            _LOG.error("consumer.position_lost", partitions=str(error))
            raise PositionLost(str(error)) from error
        for partition, records in batches.items():
            if not records:
                continue
            task = asyncio.create_task(self._work(partition, [_record(r) for r in records]))
            self._at_work[partition] = task
        if self._at_work:
            await asyncio.wait(self._at_work.values(), timeout=PAUSE_AFTER_S)
        self._settle(client)

    def _settle(self, client: AIOKafkaConsumer) -> None:
        """Resume what has ended, raise what failed, pause what is still at work."""
        for partition, task in list(self._at_work.items()):
            if task.done():
                self._at_work.pop(partition).result()
                if partition in self._paused:
                    self._paused.discard(partition)
                    client.resume(partition)
            elif partition not in self._paused:
                client.pause(partition)
                self._paused.add(partition)

    async def _work(self, partition: TopicPartition, batch: list[Record]) -> None:
        """Apply one batch, retrying in place what may pass; order is kept by not going on."""
        backoff, attempts = FIRST_BACKOFF_S, 0
        while True:
            try:
                async with self._turns:
                    await self._applier.apply(batch, patient=attempts < PATIENCE_ATTEMPTS)
                break
            except Exception as error:
                if verdict_of(error) is not Verdict.RETRY:
                    raise
                attempts += 1
                metrics.CONSUMER_RETRIES.add(1)
                _LOG.warning(
                    "consumer.retry",
                    topic=partition.topic,
                    partition=partition.partition,
                    attempts=attempts,
                    error=type(error).__name__,
                    waits_for_data=isinstance(error, NotYet),
                )
                await asyncio.sleep(backoff * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                backoff = min(backoff * 2, LONGEST_BACKOFF_S)
        client = self._client
        if client is not None and partition in client.assignment():
            with suppress(KafkaError):
                # Only lag tools read this: the truth is the offset in the database.
                await client.commit({partition: batch[-1].offset + 1})

    async def _finish_work(self, partitions: Sequence[TopicPartition]) -> None:
        """Let running batches end within a bound, then cancel: the fence still holds."""
        tasks = [task for p in partitions if (task := self._at_work.pop(p, None)) is not None]
        self._paused.difference_update(partitions)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=REVOKE_DEADLINE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Finish what is at work before another member takes the partitions."""
        await self._finish_work(partitions)

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Go on where the database says, not where the broker remembers."""
        async with self._database.read() as work:
            stored = await inbox.stored_offsets(work, self._applier.consumer, self._topics)
        if self._client is not None:
            for partition in partitions:
                position = stored.get((partition.topic, partition.partition), 0)
                self._client.seek(partition, position)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # its base is untyped
    """Hands the group's rebalances to the consumer."""

    def __init__(self, owner: Consumer) -> None:
        self._owner = owner

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        await self._owner.revoked(list(revoked))

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        await self._owner.assigned(list(assigned))


def _record(raw: "ConsumerRecord[bytes, bytes]") -> Record:
    return Record(
        topic=raw.topic,
        partition=raw.partition,
        offset=raw.offset,
        key=(raw.key or b"").decode("utf-8", "replace"),
        headers=dict(raw.headers),
        value=raw.value,
    )
