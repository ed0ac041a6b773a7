"""What an event costs PostgreSQL, in figures that no other load on the machine changes.

Statements and round trips are counted on the wire, WAL is read off the server's insert position.
``budget.json`` says what each may be; statements and round trips at most, WAL with a tenth to
spare, because a page boundary or another session's few bytes may fall into any one measurement.
"""

import asyncio
import json
import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import asyncpg

from bench import commanding, consuming, load
from bench.sql_wire import CountingWire
from deploy.local.clients import CLIENTS
from deploy.local.issuer import Issuer
from shared import clock
from shared.db.database import Database, Row
from shared.db.provision import ServiceDsns
from shared.events.registry import EnterpriseRegistered
from shared.messaging import limits
from shared.messaging.apply import Applier, Handler
from shared.messaging.kafka import KafkaSettings
from shared.messaging.leases import Lease
from shared.messaging.records import record_of
from shared.messaging.relay import READ, Page, Relay

Figures = dict[str, float]
"""What a command, a page or a batch cost, by the names below."""

STATEMENTS = "statements"
ROUND_TRIPS = "round trips"
WAL = "WAL bytes/event"

BUDGET = Path(__file__).with_name("budget.json")
FEW, MANY = 2, 6
"""How often something is measured, after once to warm up (tables get pages, queries plans).

What is large drowns the few bytes that other sessions log meanwhile; what is small is repeated.
"""
POSITION = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"

Act = Callable[[], Awaitable[object]]
Measure = Callable[[str, ServiceDsns], Awaitable[Figures]]
"""Measures on an empty database; the first argument is the superuser's address."""


def budgets() -> dict[str, Figures]:
    """Read the committed budget: figures by what is measured."""
    read: dict[str, Figures] = json.loads(BUDGET.read_text(encoding="utf-8"))
    return read


def exceeded(budget: Mapping[str, float], measured: Mapping[str, float], *, of: str) -> list[str]:
    """Word what is above the budget, and what one of the two does not name; empty when all fits."""
    mend = f"if it is meant, change bench/{BUDGET.name} in the same commit and say why"
    problems = [
        f"{of}: {figure} measured {found:g}, the budget is {budget[figure]:g}; {mend}"
        for figure, found in measured.items()
        if figure in budget and found > budget[figure]
    ]
    problems += [
        f"{of}: {figure} is not both budgeted and measured; {mend}"
        for figure in sorted(budget.keys() ^ measured.keys())
    ]
    return problems


@dataclass(frozen=True, slots=True)
class Meter:
    """Reads what one client's work costs: the client's wire, and a session beside it."""

    wire: CountingWire
    watcher: "asyncpg.Connection[Row]"

    async def cost(self, act: Act, *, events: int, times: int) -> Figures:
        """Do something once, then ``times`` times: return the most messages, and the least WAL.

        The log is the whole server's, so that only the least is the client's own.
        """
        await act()
        seen = [await self._once(act, events) for _ in range(times)]
        return {
            STATEMENTS: max(figures[STATEMENTS] for figures in seen),
            ROUND_TRIPS: max(figures[ROUND_TRIPS] for figures in seen),
            WAL: min(figures[WAL] for figures in seen),
        }

    async def _once(self, act: Act, events: int) -> Figures:
        statements, round_trips = self.wire.statements, self.wire.round_trips
        position = await self.watcher.fetchval(POSITION)
        await act()
        written = await self.watcher.fetchval(POSITION) - position
        return {
            STATEMENTS: self.wire.statements - statements,
            ROUND_TRIPS: self.wire.round_trips - round_trips,
            WAL: written / events,
        }


@asynccontextmanager
async def metered(admin_dsn: str, dsns: ServiceDsns) -> AsyncIterator[Meter]:
    """Lend a meter on the application's address.

    After a checkpoint the first change to a page writes the whole page. One is made now, while the
    tables are empty, and the next is minutes away: what is measured changes pages that are new.
    """
    watcher = await asyncpg.connect(admin_dsn)
    try:
        await watcher.execute("CHECKPOINT")
        async with CountingWire(dsns.app) as wire:
            yield Meter(wire, watcher)
    finally:
        await watcher.close()


async def command(
    admin_dsn: str, dsns: ServiceDsns, *, made: Callable[[str], Database] = commanding.QuietDatabase
) -> Figures:
    """Measure one registration over REST, which publishes one event."""
    async with metered(admin_dsn, dsns) as meter:
        database = made(meter.wire.dsn)
        await database.open()
        issuer, numbers = Issuer(CLIENTS), count(1)
        try:
            async with commanding.client(database, issuer) as client:

                async def register() -> None:
                    number = next(numbers)
                    key = f"{commanding.KEY}-{number}"
                    await commanding.ask(client, issuer, number, key=key)

                return await meter.cost(register, events=1, times=MANY)
        finally:
            await database.close()


async def batch(
    admin_dsn: str, dsns: ServiceDsns, *, size: int, handler: Handler = consuming.note
) -> Figures:
    """Measure a batch of one partition; each event is the first of a key of its own."""
    times = MANY if size == 1 else FEW
    draw = random.Random(load.SEED)
    rows = [load.row(f"91320706MA1N{key:06d}", 1, draw) for key in range(size * (1 + times))]
    raw = consuming.handed_over(rows)
    owner = await asyncpg.connect(dsns.owner)
    await owner.execute(consuming.EFFECT_TABLE)
    await owner.close()
    async with metered(admin_dsn, dsns) as meter:
        database = commanding.QuietDatabase(meter.wire.dsn)
        await database.open()
        applier = Applier(database, consuming.CONSUMER, {EnterpriseRegistered: handler})
        starts = iter(range(0, len(raw), size))

        async def apply() -> None:
            start = next(starts)
            await applier.apply([record_of(record) for record in raw[start : start + size]])

        try:
            return await meter.cost(apply, events=size, times=times)
        finally:
            await database.close()


class PageLease(Lease):
    """A relay's session that reads one page when it is told to, and tells when it is deleted.

    What a relay asks by the clock (locks, what is settled) it asks once, before its first page.
    """

    def __init__(
        self, reading: "asyncpg.Connection[Row]", deleting: "asyncpg.Connection[Row]"
    ) -> None:
        """Nothing may be read yet."""
        super().__init__(reading, deleting)
        self.turns = asyncio.Semaphore(0)
        self.ended = asyncio.Semaphore(0)

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """Run a query; the next page waits for its turn."""
        if sql == READ:
            self._next_check = self._next_bound = math.inf
            await self.turns.acquire()
        return await super().fetch(sql, *args)

    async def delete(self, positions: Sequence[int]) -> None:
        """Forget the page's rows."""
        await super().delete(positions)
        self.ended.release()


class BrokerlessRelay(Relay):
    """Reads and deletes pages as the relay does; a broker takes each page at once."""

    async def carry(self, lease: PageLease) -> None:
        """Carry pages until cancelled."""
        self._next_release = math.inf  # scheduled events are moved by the clock, not by the page
        pages: asyncio.Queue[Page] = asyncio.Queue(1)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(lease, pages))
            tasks.create_task(self._delete(lease, pages))


async def page(admin_dsn: str, dsns: ServiceDsns, *, made: type[PageLease] = PageLease) -> Figures:
    """Measure a full page of a backlog, from its reading to its deletion."""
    rows = load.make(limits.PAGE_ROWS).rows * (1 + FEW)
    async with metered(admin_dsn, dsns) as meter:
        writer = await asyncpg.connect(dsns.app)
        await writer.copy_records_to_table("outbox", records=rows, columns=load.COLUMNS)
        await writer.close()
        lease = await made.open(meter.wire.dsn)
        relay = BrokerlessRelay(
            dsns.app, KafkaSettings("none", "bench"), wake=asyncio.Event(), read_clock=clock.now
        )

        async def carry_one() -> None:
            lease.turns.release()
            await lease.ended.acquire()

        try:
            return await _beside(
                relay.carry(lease), meter.cost(carry_one, events=limits.PAGE_ROWS, times=FEW)
            )
        finally:
            lease.abandon()


async def _beside(running: Awaitable[None], measured: Awaitable[Figures]) -> Figures:
    """Return what was measured beside something that only ever ends by its failure."""
    tasks = asyncio.ensure_future(running), asyncio.ensure_future(measured)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            await tasks[0]
        return await tasks[1]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


MEASURES: Mapping[str, Measure] = {
    "command": command,
    f"page of {limits.PAGE_ROWS}": page,
    "batch of 1": partial(batch, size=1),
    "batch of 500": partial(batch, size=500),
}
"""Everything that has a budget, by its name there."""
