"""Rebuild a read model from its topics, beside the live one, and put it in its place at once.

A throw-away consumer reads the topics from their beginning up to where the live consumer stands.
It works in a session whose shadows bear the names of the read model's tables and of the kernel's
own: handlers, watermarks, parking and outbox are the same code on other rows, so whatever a replay
would publish or remember goes with the session. Then the live consumer's offsets are locked, what
came meanwhile is read as well, and in that transaction the rows are exchanged.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from shared.clock import Clock
from shared.db.database import Transaction
from shared.db.session import ShadowSession
from shared.errors import Conflict, Transient
from shared.events.catalogue import PARTITIONS
from shared.messaging import kafka
from shared.messaging.apply import Applier, Subscriptions
from shared.messaging.kafka import AIOKafkaConsumer, KafkaSettings, TopicPartition
from shared.messaging.records import record_of

KERNEL_TABLES = (
    "outbox",
    "outbox_scheduled",
    "consumer_offset",
    "consumer_watermark",
    "consumer_inbox",
    "parked_key",
    "parked_event",
)
POLL_MS = 200
STALLED_S = 30.0
STOP_DEADLINE_S = 5.0
_NO_LIMIT = 2**31
"""A replay tells of all that does not apply; it has no operator to wait for."""

Say = Callable[[str], None]


class LogTruncated(Conflict):
    """A topic no longer begins with its first record: what it lost cannot be rebuilt from it."""

    code = "log-truncated"
    title_zh = "事件日志已不完整"
    title_en = "The topic no longer has its first records"


class ReplayStalled(Transient):
    """The broker gave no further records for too long."""

    code = "replay-stalled"
    title_zh = "重放读取超时"
    title_en = "The replay got no further records"


@dataclass(frozen=True, slots=True)
class ReadModel:
    """Tables that nothing but these handlers write, from events alone."""

    name: str
    tables: tuple[str, ...]
    subscriptions: Subscriptions
    local: frozenset[str] = frozenset()
    """Columns that tell when something arrived here: a replay's are later, and are not compared."""

    @property
    def topics(self) -> list[str]:
        """The topics that it is made of."""
        return sorted({event.topic() for event in self.subscriptions})


@dataclass(frozen=True, slots=True)
class Difference:
    """How the rebuilt rows of a table differ from the live ones."""

    table: str
    rows: int
    missing: int
    surplus: int


@dataclass(slots=True)
class Report:
    """What a replay read and found."""

    read_model: str
    records: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether the live read model is what its topics say."""
        return not any(table.missing or table.surplus for table in self.differences)

    def figures(self) -> dict[str, int]:
        """Return its counts by name."""
        return {
            "records": self.records,
            "rows": sum(table.rows for table in self.differences),
            "missing": sum(table.missing for table in self.differences),
            "surplus": sum(table.surplus for table in self.differences),
            **self.outcomes,
        }


async def rebuild(
    dsn: str,
    settings: KafkaSettings,
    *,
    consumer: str,
    model: ReadModel,
    exchange: bool,
    read_clock: Clock,
    say: Say,
) -> Report:
    """Replay a read model; tell how the live one differs and, if asked to, exchange its rows.

    ``consumer`` is the live one's name, ``say`` is told how far the replay is. Raises
    :class:`LogTruncated` and :class:`ReplayStalled`, and changes nothing then.
    """
    async with _replaying(dsn, settings, read_clock) as (database, reader):
        await database.shadow((*KERNEL_TABLES, *model.tables))
        replay = _Replay(reader, database, consumer, model, say)
        async with database.transaction() as work:
            bounds = await _bounds(work, consumer, model.topics, lock=False)
        await replay.read_up_to(bounds)
        async with database.whole() as work:
            bounds = await _bounds(work, consumer, model.topics, lock=True)
            for table in model.tables:
                await work.execute(f'LOCK TABLE public."{table}" IN SHARE ROW EXCLUSIVE MODE')
            await replay.read_up_to(bounds)
            report = replay.report
            report.differences = [
                await _difference(work, table, model.local) for table in model.tables
            ]
            if exchange:
                for table in model.tables:
                    await _exchange(work, table)
    return report


@asynccontextmanager
async def _replaying(
    dsn: str, settings: KafkaSettings, read_clock: Clock
) -> AsyncIterator[tuple[ShadowSession, AIOKafkaConsumer]]:
    session = await ShadowSession.opened(dsn, read_clock=read_clock)
    reader = kafka.reader(settings)
    try:
        await reader.start()
        yield session, reader
    finally:
        await session.close()
        with suppress(Exception):
            async with asyncio.timeout(STOP_DEADLINE_S):
                await reader.stop()


Bounds = Mapping[TopicPartition, int]


async def _bounds(work: Transaction, consumer: str, topics: Sequence[str], *, lock: bool) -> Bounds:
    """Return up to where the live consumer has read; locked, it waits there."""
    if lock:
        # One that has read nothing of a partition must wait there, too.
        await work.execute(
            "INSERT INTO public.consumer_offset (consumer, topic, partition, next_offset, "
            "updated_at) SELECT $1, topic, partition, 0, $4 FROM unnest($2::text[]) AS topic "
            "CROSS JOIN generate_series(0, $3 - 1) AS partition ON CONFLICT DO NOTHING",
            consumer,
            list(topics),
            PARTITIONS,
            work.now,
        )
    found = (
        "SELECT topic, partition, next_offset FROM public.consumer_offset "
        "WHERE consumer = $1 AND topic = ANY($2::text[]) ORDER BY topic, partition"
    )
    rows = await work.fetch(f"{found} FOR UPDATE" if lock else found, consumer, list(topics))
    return {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}


class _Replay:
    """The throw-away consumer: it reads partitions from their beginning and applies to shadows."""

    def __init__(
        self,
        reader: AIOKafkaConsumer,
        session: ShadowSession,
        consumer: str,
        model: ReadModel,
        say: Say,
    ) -> None:
        self._reader = reader
        self._applier = Applier(session, consumer, model.subscriptions, parked_keys_limit=_NO_LIMIT)
        self._say = say
        self._next: dict[TopicPartition, int] = {}
        self.report = Report(model.name)

    async def read_up_to(self, bounds: Bounds) -> None:
        """Apply every record below the bounds that was not applied before."""
        wanted = {place: end for place, end in bounds.items() if self._next.get(place, 0) < end}
        if not wanted:
            return
        await self._assign(wanted)
        last_progress = time.monotonic()
        while any(self._next[place] < end for place, end in wanted.items()):
            batches = await self._reader.getmany(timeout_ms=POLL_MS, max_records=kafka.MAX_RECORDS)
            for place, raw in batches.items():
                records = [record_of(one) for one in raw if one.offset < wanted[place]]
                if records:
                    counts = await self._applier.apply(records, patient=False)
                    self.report.records += len(records)
                    self.report.outcomes.update({str(name): n for name, n in counts.items()})
                # What lies beyond is read again, once the bound has moved.
                self._next[place] = min(raw[-1].offset + 1, wanted[place])
                last_progress = time.monotonic()
            if time.monotonic() - last_progress > STALLED_S:
                raise ReplayStalled(f"no further record within {STALLED_S:.0f} s")
            if batches:
                self._say(f"{self.report.records} of {sum(bounds.values())} records")

    async def _assign(self, wanted: Bounds) -> None:
        first = await self._reader.beginning_offsets(list(wanted))
        cut = [place for place, offset in first.items() if offset > self._next.get(place, 0)]
        if cut:
            place = cut[0]
            raise LogTruncated(f"{place.topic}/{place.partition} begins at {first[place]}")
        self._reader.assign(list(wanted))
        for place in wanted:
            self._next.setdefault(place, 0)
            self._reader.seek(place, self._next[place])


async def _difference(work: Transaction, table: str, local: Iterable[str]) -> Difference:
    columns = await work.fetchval(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute "
        "WHERE attrelid = ('public.' || quote_ident($1))::regclass AND attnum > 0 "
        "AND NOT attisdropped AND attname <> ALL($2::text[])",
        table,
        list(local),
    )
    ours = f'SELECT {columns} FROM pg_temp."{table}"'  # noqa: S608 -- declared names
    live = f'SELECT {columns} FROM public."{table}"'  # noqa: S608 -- declared names
    return Difference(
        table,
        rows=await _count(work, ours),
        missing=await _count(work, f"{ours} EXCEPT ALL {live}"),
        surplus=await _count(work, f"{live} EXCEPT ALL {ours}"),
    )


async def _count(work: Transaction, query: str) -> int:
    count: int = await work.fetchval(f"SELECT count(*) FROM ({query}) AS counted")  # noqa: S608 -- made above
    return count


async def _exchange(work: Transaction, table: str) -> None:
    await work.execute(f'DELETE FROM public."{table}"')  # noqa: S608 -- a declared name
    await work.execute(
        f'INSERT INTO public."{table}" OVERRIDING SYSTEM VALUE TABLE pg_temp."{table}"'
    )
