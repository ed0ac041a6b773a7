"""Ship the outbox to Kafka, in order per aggregate: nothing lost, nothing reordered.

Read unsent rows in position order → send as one pre-built batch per partition and await every
acknowledgement → delete by id in a short transaction; the three run pipelined over successive
pages. Rows leave the table only after the broker has them, so a crash repeats and never loses.

Three rules carry the order: a shard has one reader, held by a lease; every read starts from the
low-water hint and skips what is in flight, because a lower position may be committed late; and a
producer that failed is thrown away with all its pages, before anything is sent again.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
from opentelemetry.trace import SpanKind

from shared import logs, metrics
from shared.clock import Clock
from shared.db.database import Row
from shared.events import wire
from shared.events.catalogue import PARTITIONS
from shared.messaging import kafka, limits
from shared.messaging.batches import Batch
from shared.messaging.kafka import AIOKafkaProducer, KafkaError, KafkaSettings
from shared.messaging.leases import Lease, LeaseLost
from shared.telemetry import span

_LOG = logs.get("tongzhou.relay")

READ = """
    SELECT position, topic, key, headers, payload, recorded_at FROM outbox
    WHERE shard = ANY($1::smallint[]) AND position > $2 AND NOT position <@ $3::text::int8multirange
    ORDER BY position LIMIT $4
"""
RELEASE_DUE = """
    WITH due AS (
        DELETE FROM outbox_scheduled WHERE event_id IN (
            SELECT event_id FROM outbox_scheduled
            WHERE not_before <= $2 AND shard = ANY($1::smallint[])
            ORDER BY not_before LIMIT 500 FOR UPDATE SKIP LOCKED
        )
        RETURNING shard, topic, key, event_id, type, subject, headers, payload, recorded_at,
            not_before
    )
    INSERT INTO outbox (shard, topic, key, event_id, type, subject, headers, payload, recorded_at)
    SELECT shard, topic, key, event_id, type, subject, headers, payload, recorded_at
    FROM due ORDER BY not_before
"""


class PublishFailed(Exception):
    """A page could not be sent as a whole; its producer is not to be used again."""


class Page:
    """Rows read together, in position order."""

    __slots__ = ("positions", "ranges", "rows")

    def __init__(self, rows: Sequence[Row]) -> None:
        """``rows`` are in position order."""
        self.rows = rows
        self.positions: list[int] = [row["position"] for row in rows]
        self.ranges = ",".join(_ranges(self.positions))


class InFlight:
    """The pages between their reading and their deletion, oldest first."""

    def __init__(self) -> None:
        """Nothing is in flight."""
        self._pages: deque[Page] = deque()

    def __bool__(self) -> bool:
        return bool(self._pages)

    def enter(self, page: Page) -> None:
        """Note a page that was read."""
        self._pages.append(page)

    def leave(self, page: Page) -> None:
        """Forget a page whose rows are gone."""
        self._pages.remove(page)

    def clear(self) -> None:
        """Forget everything: what was not deleted is read again."""
        self._pages.clear()

    @property
    def multirange(self) -> str:
        """The positions in flight, as PostgreSQL writes a set of ranges."""
        return f"{{{','.join(page.ranges for page in self._pages)}}}"

    @property
    def lowest(self) -> int | None:
        """The lowest position in flight."""
        return min((page.positions[0] for page in self._pages), default=None)


class Relay:
    """Ships the shards it can lease; run as a task until it is cancelled."""

    def __init__(
        self,
        dsn: str,
        settings: KafkaSettings,
        *,
        wake: asyncio.Event,
        read_clock: Clock,
        open_lease: Callable[[str], Awaitable[Lease]] = Lease.open,
    ) -> None:
        """``dsn`` must reach PostgreSQL itself, not a pooler: leases belong to a session.

        ``wake`` is set by whoever commits events in this process; those of others are notified of,
        and what no notification tells of is found by looking.
        """
        self._dsn = dsn
        self._settings = settings
        self._wake = wake
        self._clock = read_clock
        self._open_lease = open_lease
        self._next_release = 0.0
        self._backoff_s = limits.FIRST_BACKOFF_S
        self._in_flight = InFlight()

    async def run(self) -> None:
        """Relay until cancelled: a lost database or broker is waited for, nothing is dropped."""
        while True:
            try:
                async with asyncio.timeout(limits.CONNECT_TIMEOUT_S):
                    lease = await self._open_lease(self._dsn)
            except (*_DATABASE_GONE, TimeoutError) as error:
                _LOG.warning("relay.database_away", error=type(error).__name__)
                await self._back_off()
                continue
            try:
                await self._serve(lease)
            except* (LeaseLost, PublishFailed, TimeoutError, KafkaError, *_DATABASE_GONE) as group:
                metrics.PUBLISH_FAILURES.add(1)
                _LOG.warning("relay.starts_over", errors=_errors_in(group))
            finally:
                self._in_flight.clear()
                lease.abandon()
            await self._back_off()

    async def _back_off(self) -> None:
        """Wait, longer each time until a page goes through: what is away is not stormed."""
        await asyncio.sleep(self._backoff_s)
        self._backoff_s = min(self._backoff_s * 2, limits.LONGEST_BACKOFF_S)

    async def _serve(self, lease: Lease) -> None:
        producer = kafka.producer(self._settings)
        try:
            await lease.listen(self._wake)
            async with asyncio.timeout(limits.SEND_DEADLINE_S):
                await producer.start()
            to_publish: asyncio.Queue[Page] = asyncio.Queue(1)
            to_delete: asyncio.Queue[Page] = asyncio.Queue(1)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(lease, to_publish))
                tasks.create_task(self._publish(producer, to_publish, to_delete))
                tasks.create_task(self._delete(lease, to_delete))
        finally:
            await kafka.discard(producer, within_s=limits.STOP_DEADLINE_S)

    async def _read(self, lease: Lease, pages: asyncio.Queue[Page]) -> None:
        idle = limits.SHORTEST_IDLE_S
        while True:
            shards = await lease.hold()
            self._wake.clear()
            await self._release_due(lease, shards)
            # Known before the page is read, so that whatever lies below is in it or in flight.
            settled = await lease.settled_position()
            rows = await lease.fetch(
                READ, shards, lease.hint, self._in_flight.multirange, limits.PAGE_ROWS
            )
            if rows:
                page = Page(rows)
                self._in_flight.enter(page)
            if settled is not None:
                lowest = self._in_flight.lowest
                lease.hint = settled if lowest is None else min(settled, lowest - 1)
            if rows:
                await pages.put(page)
                idle = limits.SHORTEST_IDLE_S
            if len(rows) < limits.PAGE_ROWS:
                # What is committed meanwhile goes as one page: fewer, larger ones cost less.
                await pages.join()
                idle = await self._idle(idle, hears=lease.hears)

    async def _idle(self, idle_s: float, *, hears: bool) -> float:
        """Wait until somebody commits, at most for so long; returns the next wait's bound."""
        try:
            async with asyncio.timeout(idle_s):
                await self._wake.wait()
        except TimeoutError:
            longest_s = limits.LONGEST_HEARING_IDLE_S if hears else limits.LONGEST_IDLE_S
            return min(idle_s * 2, longest_s)
        return limits.SHORTEST_IDLE_S

    async def _release_due(self, lease: Lease, shards: Sequence[int]) -> None:
        """Move scheduled events whose time has come into the outbox, at fresh positions."""
        if time.monotonic() >= self._next_release:
            self._next_release = time.monotonic() + limits.RELEASE_EVERY_S
            await lease.execute(RELEASE_DUE, shards, self._clock())

    async def _publish(
        self, producer: AIOKafkaProducer, pages: asyncio.Queue[Page], sent: asyncio.Queue[Page]
    ) -> None:
        while True:
            page = await pages.get()
            links = _traceparents(page.rows, limits.SPAN_LINKS)
            with span("send outbox page", kind=SpanKind.CLIENT, links=links):
                try:
                    async with asyncio.timeout(limits.SEND_DEADLINE_S):
                        await _send(producer, page.rows)
                except (KafkaError, TimeoutError) as error:
                    raise PublishFailed(type(error).__name__) from error
            self._backoff_s = limits.FIRST_BACKOFF_S
            metrics.EVENTS_PUBLISHED.add(len(page.rows))
            pages.task_done()
            await sent.put(page)

    async def _delete(self, lease: Lease, pages: asyncio.Queue[Page]) -> None:
        while True:
            page = await pages.get()
            await lease.delete(page.positions)
            self._in_flight.leave(page)


async def _send(producer: AIOKafkaProducer, rows: Sequence[Row]) -> None:
    """Send rows as one batch per partition after another, and await every acknowledgement."""
    by_partition: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        partition = kafka.partition_of(row["key"], PARTITIONS)
        by_partition[row["topic"], partition].append(row)
    sent = []
    for (topic, partition), group in by_partition.items():
        batch = Batch()
        for row in group:
            record = _record(row)
            if batch.add(*record):
                continue
            sent.append(await producer.send_batch(batch, topic, partition=partition))
            batch = Batch()
            if not batch.add(*record):
                raise PublishFailed(f"position {row['position']} is larger than a batch")
        sent.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*sent)


def _record(row: Row) -> tuple[int, bytes, bytes | None, bytes]:
    at_ms = int(row["recorded_at"].timestamp() * 1000)
    return at_ms, row["key"].encode(), row["payload"], row["headers"]


def _traceparents(rows: Sequence[Row], most: int) -> tuple[str, ...]:
    """Return the first distinct traces of a page."""
    found: dict[str, None] = {}
    for row in rows:
        trace = wire.glimpse(row["headers"], "ce_traceparent")
        if trace is not None:
            found[trace.decode()] = None
        if len(found) == most:
            break
    return tuple(found)


def _ranges(positions: Sequence[int]) -> list[str]:
    """Write ascending positions as few ranges."""
    if positions[-1] - positions[0] + 1 == len(positions):
        return [f"[{positions[0]},{positions[-1]}]"]
    ranges, first, last = [], positions[0], positions[0]
    for position in positions[1:]:
        if position != last + 1:
            ranges.append(f"[{first},{last}]")
            first = position
        last = position
    return [*ranges, f"[{first},{last}]"]


def _errors_in(group: BaseExceptionGroup[BaseException]) -> list[str]:
    names: list[str] = []
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            names += _errors_in(error)
        else:
            names.append(f"{type(error).__name__}: {error}")
    return names


_DATABASE_GONE = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    OSError,
)
