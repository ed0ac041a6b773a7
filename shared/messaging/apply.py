"""Apply a batch of one partition in one transaction: exactly once in effect, in order per key.

Fence (stored offset under lock) → parked keys → watermarks → handlers → outbox rows → offset. The
batch first runs without savepoints; if a handler fails for good, everything is rolled back and the
batch runs again with a savepoint per event, so that only what fails is parked. What fails outside
of a handler fails the whole batch again: it is then halved until one record is left to park.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from opentelemetry.trace import SpanKind

from shared import metrics
from shared.db.database import Database, Transaction
from shared.errors import Transient
from shared.events.envelope import Cause, Event, Received
from shared.messaging import inbox, limits, parking
from shared.messaging.reading import ReadAhead
from shared.messaging.records import (
    NotYet,
    Record,
    SequenceGap,
    aggregate_of,
    subject_of,
    type_of,
)
from shared.messaging.verdict import Verdict, verdict_of
from shared.telemetry import span

Handler = Callable[[Transaction, Any], Awaitable[None]]
"""``async def on_x(work, received: Received[X]) -> None``; its rows and events join the batch."""

Subscriptions = Mapping[type[Event], Handler]

DRAIN_RECORDS = 200
"""How much of a key's queue one transaction applies: a long queue takes several."""


class PositionAhead(Transient):
    """The batch was read from beyond the stored offset: what lies between would be skipped."""

    code = "position-ahead"
    title_zh = "读取位置超前"
    title_en = "Position ahead of the stored offset"


class _Undone(Exception):
    """Leaves the transaction of a rehearsal, so that nothing of it stays."""


class Outcome(StrEnum):
    """What became of a record."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    PARKED = "parked"
    QUEUED = "queued"
    FENCED = "fenced"


@dataclass(slots=True)
class _Batch:
    """The working state of one attempt at a batch."""

    work: Transaction
    watermarks: inbox.Watermarks
    parked: dict[str, str]
    careful: bool
    patient: bool
    ahead: ReadAhead = field(default_factory=ReadAhead)
    counts: Counter[Outcome] = field(default_factory=Counter)
    heads: dict[str, str | None] = field(default_factory=dict)
    """Per key held for a gap: the subject at the head of its queue, read once."""

    unfinished: set[tuple[str, str]] = field(default_factory=set)
    """(topic, key) whose queue is longer than one transaction applies."""


class Applier:
    """Applies records for one consumer; it knows nothing of a broker."""

    def __init__(
        self,
        database: Database,
        consumer: str,
        subscriptions: Subscriptions,
        *,
        parked_keys_limit: int = limits.PARKED_KEYS_LIMIT,
    ) -> None:
        """``consumer`` names the rows that this consumer remembers: never rename it.

        Once ``parked_keys_limit`` keys of a topic are parked, an event that would park another one
        is not passed by: its batch is tried again until there is room.
        """
        self._database = database
        self.consumer = consumer
        self._subscriptions = subscriptions
        self._parked_keys_limit = parked_keys_limit
        self._held: set[str] = set()
        self._redriven = ("", "")

    async def apply(
        self, batch: Sequence[Record], *, position: int | None = None, patient: bool = True
    ) -> Counter[Outcome]:
        """Apply records of one partition, in offset order; raises only what may be retried.

        ``position`` is the offset from which they were read; raises :class:`PositionAhead` when it
        is above the stored one. Once ``patient`` is over, an event that still waits for another
        topic's data is parked.
        """
        try:
            counts = await self._attempt(batch, careful=False, patient=patient, position=position)
        except Exception as error:
            if self._may_pass(error, patient=patient):
                raise
            counts = await self._apply_carefully(batch, patient=patient)
        for outcome, count in counts.items():
            metrics.EVENTS_CONSUMED.add(count, {"outcome": outcome.value})
        self._hold(batch[0].topic, held=False)
        return counts

    def _hold(self, topic: str, *, held: bool) -> None:
        if held:
            self._held.add(topic)
        else:
            self._held.discard(topic)
        metrics.CONSUMER_HELD.set(len(self._held))

    async def _apply_carefully(self, batch: Sequence[Record], *, patient: bool) -> Counter[Outcome]:
        try:
            return await self._attempt(batch, careful=True, patient=patient)
        except Exception as error:
            if self._may_pass(error, patient=patient):
                raise
            if len(batch) == 1:
                return await self._park_alone(batch[0], error)
        middle = len(batch) // 2
        counts = await self._apply_carefully(batch[:middle], patient=patient)
        return counts + await self._apply_carefully(batch[middle:], patient=patient)

    async def _park_alone(self, record: Record, error: Exception) -> Counter[Outcome]:
        """Park a record whose transaction failed outside of any handler."""
        async with self._database.transaction() as work:
            stored = await inbox.fence(work, self.consumer, record.topic, record.partition)
            if record.offset < stored:
                return Counter({Outcome.FENCED: 1})
            batch = await self._begin(work, [record], careful=True, patient=False)
            await self._park(batch, record, error)
            await inbox.store_offset(
                work, self.consumer, record.topic, record.partition, record.offset + 1
            )
        return batch.counts

    async def redrive(self, topic: str, key: str) -> Counter[Outcome]:
        """Replay a parked key in order, as far as it goes; the key flows again if all of it did.

        A long queue is replayed in several transactions; what comes meanwhile queues behind.
        """
        counts: Counter[Outcome] = Counter()
        more = True
        while more:
            async with self._database.transaction() as work:
                batch = await self._redrive_part(work, topic, key)
            counts += batch.counts
            more = bool(batch.unfinished)
        return counts

    async def rehearse(self, topic: str, key: str) -> tuple[Counter[Outcome], str | None]:
        """Tell what the first part of a redrive would do, and undo it.

        Returns the outcomes and the reason for which the key would then still be held, if any.
        """
        with suppress(_Undone):
            async with self._database.transaction() as work:
                batch = await self._redrive_part(work, topic, key)
                raise _Undone
        return batch.counts, batch.parked.get(key)

    async def _redrive_part(self, work: Transaction, topic: str, key: str) -> _Batch:
        parked = await parking.parked_keys(work, self.consumer, topic, [key])
        batch = _Batch(work, inbox.Watermarks(self.consumer), parked, careful=True, patient=False)
        if key in parked:
            await self._drain(batch, topic, key)
        await batch.watermarks.save(work)
        return batch

    async def redrive_some(self, *, limit: int) -> None:
        """Redrive the next keys that nobody has to decide on, in turn.

        They wait for data of another topic, or a long drain of theirs was cut off.
        """
        reasons = (NotYet.code, parking.DRAINING)
        async with self._database.read() as work:
            held = await parking.keys_held_for(
                work, self.consumer, reasons, after=self._redriven, limit=limit
            )
        for topic, key in held:
            await self.redrive(topic, key)
        self._redriven = held[-1] if len(held) == limit else ("", "")

    @staticmethod
    def _may_pass(error: Exception, *, patient: bool) -> bool:
        if isinstance(error, NotYet):
            return patient
        return verdict_of(error) is Verdict.RETRY

    async def _attempt(
        self,
        batch: Sequence[Record],
        *,
        careful: bool,
        patient: bool,
        position: int | None = None,
    ) -> Counter[Outcome]:
        first = batch[0]
        async with self._database.transaction() as work:
            stored = await inbox.fence(work, self.consumer, first.topic, first.partition)
            if position is not None and position > stored:
                raise PositionAhead(f"read from {position}, stored is {stored}")
            fresh = [record for record in batch if record.offset >= stored]
            state = await self._begin(work, fresh, careful=careful, patient=patient)
            state.counts[Outcome.FENCED] += len(batch) - len(fresh)
            async with state.ahead.reading(fresh):
                for record in fresh:
                    await self._step(state, record)
            if fresh:
                await state.watermarks.save(work)
                await inbox.store_offset(
                    work, self.consumer, first.topic, first.partition, batch[-1].offset + 1
                )
        for topic, key in state.unfinished:
            state.counts += await self.redrive(topic, key)
        return +state.counts

    async def _begin(
        self, work: Transaction, fresh: Sequence[Record], *, careful: bool, patient: bool
    ) -> _Batch:
        parked: dict[str, str] = {}
        if fresh:
            keys = {record.key for record in fresh}
            parked = await parking.parked_keys(work, self.consumer, fresh[0].topic, keys)
        watermarks = inbox.Watermarks(self.consumer)
        await watermarks.load(work, {aggregate_of(record) for record in fresh})
        return _Batch(work, watermarks, parked, careful, patient)

    async def _step(self, batch: _Batch, record: Record) -> None:
        held_for = batch.parked.get(record.key)
        if held_for is not None and not await self._may_fill_gap(batch, record, held_for):
            await parking.queue_behind(batch.work, self.consumer, record)
            batch.counts[Outcome.QUEUED] += 1
            return
        try:
            outcome = await self._apply_one(batch, record)
        except SequenceGap as gap:
            await self._park(batch, record, gap)
            return
        except Exception as error:
            if not batch.careful or self._may_pass(error, patient=batch.patient):
                raise
            await self._park(batch, record, error)
            return
        batch.counts[outcome] += 1
        if held_for is not None and outcome is not Outcome.DUPLICATE:
            # The missing event has come: what waited behind the gap may go on.
            await self._drain(batch, record.topic, record.key)

    async def _may_fill_gap(self, batch: _Batch, record: Record, held_for: str) -> bool:
        """Only an event of the aggregate whose predecessor is missing may pass a held key."""
        if held_for != SequenceGap.code:
            return False
        if record.key not in batch.heads:
            queue = await parking.queue_of(
                batch.work, self.consumer, record.topic, record.key, limit=1
            )
            batch.heads[record.key] = subject_of(queue[0]) if queue else None
        return batch.heads[record.key] in {None, subject_of(record)}

    async def _drain(self, batch: _Batch, topic: str, key: str) -> None:
        """Apply what is queued for a key, until something fails again or nothing is left."""
        batch.heads.pop(key, None)
        queue = await parking.queue_of(
            batch.work, self.consumer, topic, key, limit=DRAIN_RECORDS + 1
        )
        more = len(queue) > DRAIN_RECORDS
        del queue[DRAIN_RECORDS:]
        while queue:
            record = await self._next_of(batch, queue)
            try:
                outcome = await self._apply_one(batch, record)
            except Exception as error:
                if self._may_pass(error, patient=batch.patient):
                    raise
                if not batch.careful and not isinstance(error, SequenceGap):
                    raise
                failure = parking.failure_of(error, event_type=type_of(record))
                await parking.hold(batch.work, self.consumer, record, failure)
                batch.parked[key] = failure.reason
                batch.unfinished.discard((topic, key))
                batch.counts[Outcome.PARKED] += 1
                return
            batch.counts[outcome] += 1
            await parking.unpark(batch.work, self.consumer, record)
            queue.remove(record)
        if more:
            await parking.go_on_later(batch.work, self.consumer, topic, key)
            batch.parked[key] = parking.DRAINING
            batch.unfinished.add((topic, key))
            return
        await parking.release(batch.work, self.consumer, topic, key)
        batch.parked.pop(key, None)

    async def _next_of(self, batch: _Batch, queue: Sequence[Record]) -> Record:
        """Return the head, or the event of the head's aggregate that must come before it."""
        head = queue[0]
        aggregate, subject = aggregate_of(head)
        await batch.watermarks.load(batch.work, [(aggregate, subject)])
        expected = f"{batch.watermarks.last(aggregate, subject) + 1:020d}".encode()
        for record in queue:
            same = subject_of(record) == subject
            if same and record.headers.get("ce_sequence") == expected:
                return record
        return head

    async def _park(self, batch: _Batch, record: Record, error: Exception) -> None:
        failure = parking.failure_of(error, event_type=type_of(record))
        if record.key in batch.parked:
            await parking.queue_behind(batch.work, self.consumer, record)
            batch.counts[Outcome.QUEUED] += 1
            return
        await self._require_room(batch.work, record.topic)
        await parking.park(batch.work, self.consumer, record, failure)
        batch.heads[record.key] = subject_of(record)
        batch.parked[record.key] = failure.reason
        batch.counts[Outcome.PARKED] += 1

    async def _require_room(self, work: Transaction, topic: str) -> None:
        parked = await parking.count_keys_of(
            work, self.consumer, topic, most=self._parked_keys_limit
        )
        if parked >= self._parked_keys_limit:
            self._hold(topic, held=True)
            raise parking.ParkingFull(f"{parked} keys of {topic} are parked already")

    async def _apply_one(self, batch: _Batch, record: Record) -> Outcome:
        received = batch.ahead.take(record)
        event = received.data
        if received.sequence is None:
            if not batch.careful:
                return await self._once(batch, received)
            async with batch.work.savepoint():
                return await self._once(batch, received)
        aggregate = event.aggregate()
        if not batch.watermarks.knows(aggregate, received.subject):
            await batch.watermarks.load(batch.work, [(aggregate, received.subject)])
        last = batch.watermarks.last(aggregate, received.subject)
        if received.sequence <= last:
            return Outcome.DUPLICATE
        if received.sequence > last + 1:
            raise SequenceGap(
                f"{aggregate} {received.subject}: expected {last + 1}, got {received.sequence}"
            )
        outcome = await self._handle(batch, received)
        batch.watermarks.advance(aggregate, received.subject, received.sequence)
        return outcome

    async def _once(self, batch: _Batch, received: Received[Event]) -> Outcome:
        if not await inbox.first_sight(batch.work, self.consumer, received.id):
            return Outcome.DUPLICATE
        return await self._handle(batch, received)

    async def _handle(self, batch: _Batch, received: Received[Event]) -> Outcome:
        handler = self._subscriptions.get(type(received.data))
        if handler is None:
            return Outcome.IGNORED
        batch.work.cause = Cause(received.cause.correlation, causation=received.id)
        with span(
            f"process {received.data.TYPE}",
            kind=SpanKind.CONSUMER,
            traceparent=received.traceparent,
            attributes={"messaging.message.id": received.id},
        ):
            if not batch.careful:
                await handler(batch.work, received)
            else:
                async with batch.work.savepoint():
                    await handler(batch.work, received)
        return Outcome.APPLIED
