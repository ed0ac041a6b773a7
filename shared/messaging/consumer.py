"""Read a service's topics: one batch per partition at a time, offsets kept in the database.

A partition whose batch is being applied is paused, so memory stays bounded and the group's
heartbeats go on while a transient error is retried in place. Nothing is read before the partitions
of an assignment stand where the database says: the broker's own offsets are advice.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress

from shared import logs, metrics
from shared.db.database import Database
from shared.errors import Transient
from shared.messaging import inbox, kafka, positions
from shared.messaging.apply import Applier, PositionAhead
from shared.messaging.kafka import (
    AIOKafkaConsumer,
    ConsumerRebalanceListener,
    KafkaError,
    KafkaSettings,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    TopicPartition,
)
from shared.messaging.positions import Position
from shared.messaging.progress import Progress
from shared.messaging.records import NotYet, Record, record_of
from shared.messaging.verdict import Verdict, verdict_of

_LOG = logs.get("tongzhou.consumer")
POLL_MS = 200
POLL_WHILE_PAUSED_MS = 20
QUIET_POLLS = 25
"""After so many polls that found nothing a member asks the broker less often."""
PAUSE_AFTER_S = 0.05
"""A batch that takes longer pauses its partition, so that the group's polls go on meanwhile."""
FIRST_BACKOFF_S = 0.05
LONGEST_BACKOFF_S = 5.0
CONCURRENT_BATCHES = 4
"""Batches at work at once: the requests of the same process need connections, too."""
PATIENCE_ATTEMPTS = 20
"""How often a handler may ask to wait for data of another topic before its event is parked."""
LOOK_DEADLINE_S = 5.0
LOOK_FOR_DECISION_S = 2.0
"""Between two looks whether a lost position has been decided on."""
REVOKE_DEADLINE_S = 5.0
STOP_DEADLINE_S = 2.0
REJOIN_S = 1.0


class Consumer:
    """One group member, run as a task until it is cancelled."""

    def __init__(
        self,
        database: Database,
        applier: Applier,
        settings: KafkaSettings,
        topics: Sequence[str],
        *,
        service: str | None = None,
    ) -> None:
        """``topics`` are read by the group ``tongzhou.<consumer>``.

        ``service`` publishes what was done about a lost position; the consumer's name by default.
        """
        self._service = service or applier.consumer
        self._database = database
        self._applier = applier
        self._settings = settings
        self._topics = list(topics)
        self._client: AIOKafkaConsumer | None = None
        self._at_work: dict[TopicPartition, asyncio.Task[None]] = {}
        self._resting: set[TopicPartition] = set()
        self._paused: set[TopicPartition] = set()
        self._lost: set[TopicPartition] = set()
        self._next_look = 0.0
        self._quiet = 0
        self._next: dict[TopicPartition, int] = {}
        self._positioned = asyncio.Event()
        self._failure: Exception | None = None
        self._turns = asyncio.Semaphore(CONCURRENT_BATCHES)
        self.progress = Progress()

    async def run(self) -> None:
        """Consume until cancelled; a lost broker is waited for, a lost position is raised."""
        while True:
            try:
                await self._session()
            except (KafkaError, ConnectionError, OSError, TimeoutError) as error:
                _LOG.warning("consumer.broker_away", error=type(error).__name__)
            except Transient as error:
                _LOG.warning("consumer.starts_over", code=error.code, detail=error.detail)
            await asyncio.sleep(REJOIN_S)

    async def _session(self) -> None:
        client = kafka.consumer(self._settings, group=f"tongzhou.{self._applier.consumer}")
        self._client = client
        self._positioned.clear()
        self._failure = None
        watching = asyncio.create_task(self.progress.watch(client, self._next))
        try:
            client.subscribe(self._topics, listener=_Listener(self))
            await client.start()
            while True:
                await self._poll(client)
        finally:
            watching.cancel()
            await self._finish_work(list(self._at_work))
            with suppress(Exception):
                async with asyncio.timeout(STOP_DEADLINE_S):
                    await client.stop()
            self._client = None

    async def _poll(self, client: AIOKafkaConsumer) -> None:
        if self._failure is not None:
            raise self._failure
        if self._positioned.is_set():
            await self._fetch(client)
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_MS / 1000):
                    await self._positioned.wait()
        if self._at_work:
            await asyncio.wait(self._at_work.values(), timeout=PAUSE_AFTER_S)
        self._settle(client)
        if self._lost and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_FOR_DECISION_S
            await self._take_decisions(client)

    async def _report_lost(self, client: AIOKafkaConsumer) -> None:
        """Find the partitions whose next record the broker does not have, and say so."""
        partitions = list(client.assignment())
        async with asyncio.timeout(LOOK_DEADLINE_S):
            firsts = await client.beginning_offsets(partitions)
            ends = await client.end_offsets(partitions)
        for partition in partitions:
            position = Position(
                topic=partition.topic,
                partition=partition.partition,
                stored=self._next[partition],
                first=firsts[partition],
                end=ends[partition],
            )
            if not position.is_lost or partition in self._lost:
                continue
            client.pause(partition)
            self._lost.add(partition)
            metrics.POSITIONS_LOST.set(len(self._lost))
            async with self._database.transaction() as work:
                consumer = self._applier.consumer
                await positions.report(work, consumer, position, service=self._service)

    async def _take_decisions(self, client: AIOKafkaConsumer) -> None:
        """Go on where a lost position was set anew: by a person, or by the kernel."""
        async with self._database.read() as work:
            stored = await inbox.stored_offsets(work, self._applier.consumer, self._topics)
        for partition in list(self._lost):
            position = stored.get((partition.topic, partition.partition), 0)
            if position != self._next[partition]:
                self._next[partition] = position
                client.seek(partition, position)
                client.resume(partition)
                self._lost.discard(partition)
        metrics.POSITIONS_LOST.set(len(self._lost))

    async def _fetch(self, client: AIOKafkaConsumer) -> None:
        wait_ms = POLL_WHILE_PAUSED_MS if self._paused else POLL_MS
        try:
            batches = await client.getmany(timeout_ms=wait_ms, max_records=kafka.MAX_RECORDS)
        except NoOffsetForPartitionError:
            # The broker was asked before our own positions were set, and has none: ours hold.
            await self.assigned(list(client.assignment()))
            return
        except OffsetOutOfRangeError:
            await self._report_lost(client)
            return
        self._quiet = 0 if batches or self._paused else self._quiet + 1
        kafka.wait_at_broker(
            client,
            kafka.FETCH_MAX_WAIT_IDLE_MS if self._quiet > QUIET_POLLS else kafka.FETCH_MAX_WAIT_MS,
        )
        for partition, records in batches.items():
            if records and self._positioned.is_set():
                batch = [record_of(raw) for raw in records]
                self._at_work[partition] = asyncio.create_task(self._work(partition, batch))

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

    async def _work(self, partition: TopicPartition, batch: Sequence[Record]) -> None:
        """Apply one batch, retrying in place what may pass; order is kept by not going on.

        What fails is tried again with half of it, so that no batch is too large for ever.
        """
        backoff, waits, size = FIRST_BACKOFF_S, 0, len(batch)
        while batch:
            part = batch[:size]
            self.progress.tried()
            try:
                async with self._turns:
                    await self._applier.apply(
                        part,
                        position=self._next.get(partition),
                        patient=waits < PATIENCE_ATTEMPTS,
                    )
            except Exception as error:
                if isinstance(error, PositionAhead) or verdict_of(error) is not Verdict.RETRY:
                    raise
                # Only what waits for another topic is a matter of patience; an outage is not.
                waits = waits + 1 if isinstance(error, NotYet) else 0
                size = max(1, len(part) // 2)
                await self._rest(partition, error, backoff)
                backoff = min(backoff * 2, LONGEST_BACKOFF_S)
                continue
            self._next[partition] = part[-1].offset + 1
            batch = batch[len(part) :]
            backoff, waits, size = FIRST_BACKOFF_S, 0, size * 2
        await self._advise(partition)

    async def _rest(self, partition: TopicPartition, error: Exception, backoff: float) -> None:
        metrics.CONSUMER_RETRIES.add(1)
        _LOG.warning(
            "consumer.retry",
            topic=partition.topic,
            partition=partition.partition,
            error=type(error).__name__,
            waits_for_data=isinstance(error, NotYet),
        )
        self._resting.add(partition)
        try:
            await asyncio.sleep(backoff * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
        finally:
            self._resting.discard(partition)

    async def _advise(self, partition: TopicPartition) -> None:
        """Tell the broker how far we are: only lag tools read it, the database has the truth."""
        client = self._client
        if client is not None and partition in client.assignment():
            with suppress(KafkaError):
                await client.commit({partition: self._next[partition]})

    async def _finish_work(self, partitions: Sequence[TopicPartition]) -> None:
        """Let running batches end within a bound, then cancel: the fence still holds."""
        tasks = []
        for partition in partitions:
            task = self._at_work.pop(partition, None)
            if task is not None:
                tasks.append(task)
                if partition in self._resting:
                    task.cancel()
        self._paused.difference_update(partitions)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=REVOKE_DEADLINE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Finish what is at work before another member takes the partitions."""
        self._positioned.clear()
        self._lost.clear()
        await self._finish_work(partitions)

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Go on where the database says, not where the broker remembers.

        The client swallows what a listener raises, so a failure is kept for the next poll.
        """
        try:
            async with self._database.read() as work:
                stored = await inbox.stored_offsets(work, self._applier.consumer, self._topics)
        except Exception as error:  # noqa: BLE001 -- raised by the poll, which nothing swallows
            self._failure = error
            return
        client = self._client
        if client is None:
            return
        for partition in partitions:
            position = stored.get((partition.topic, partition.partition), 0)
            client.seek(partition, position)
            self._next[partition] = position
        self._positioned.set()


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # its base is untyped
    """Hands the group's rebalances to the consumer."""

    def __init__(self, owner: Consumer) -> None:
        self._owner = owner

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        await self._owner.revoked(list(revoked))

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        await self._owner.assigned(list(assigned))
