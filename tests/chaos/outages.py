"""Outages one at a time, under load, with their figures.

Clients change firms as fast as they are told to; a server goes away and comes back; then everything
that was acknowledged must be there, once and in order, and nothing else may be.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import asyncpg

from tests.chaos.firms import FirmClients
from tests.chaos.history import History, Sample
from tests.chaos.invariants import Checker
from tests.chaos.wire import Wire
from tests.chaos.world import World
from tests.support.waiting import until

NAMES = ("registry", "notify")
AFTER_S = 3.0
DEADLINE_S = 10.0
"""The deadline of one unit of work; an answer may take a second more."""

DRAIN_S = 1800.0
Figures = dict[str, object]


@dataclass(slots=True)
class Scene:
    """A world under load."""

    world: World
    history: History
    firms: FirmClients
    checker: Checker
    violations: list[str] = field(default_factory=list)
    _working: "asyncio.Task[None] | None" = None

    async def begin(self) -> None:
        """Let the clients work, and wait for the first answers."""
        self.violations.clear()
        self._working = asyncio.create_task(self.firms.run(seed="outage"))
        await until(self.serves, what="accepted commands", deadline_s=30)

    async def rest(self) -> None:
        """End the clients' work; a command that is cut off stays open until it is settled."""
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)

    def expect(self, holds: bool, what: str) -> None:  # noqa: FBT001 -- reads as an assertion
        """Note what does not hold."""
        if not holds:
            self.violations.append(what)

    async def serves(self) -> bool:
        """Tell whether commands are accepted now."""
        now = time.monotonic()
        await asyncio.sleep(0.1)
        answered = (s for s in self.history.samples[-50:] if 200 <= s.status < 300)
        return any(sample.began + sample.seconds >= now for sample in answered)

    def between(self, begin: float, end: float) -> list[Sample]:
        """Return the requests that began within a stretch of time."""
        return [sample for sample in self.history.samples if begin <= sample.began < end]

    async def outbox(self) -> int:
        """Count what has not left registry."""
        connection = await self.world.connect("registry")
        try:
            count: int = await connection.fetchval("SELECT count(*) FROM outbox")
        finally:
            await connection.close()
        return count

    async def settle(self) -> float:
        """Let everything become known and drain; return how many seconds that took."""
        began = time.monotonic()
        await self.firms.settle_all()

        async def drained() -> bool:
            await asyncio.sleep(0.2)
            return not await self.checker.left_over()

        await until(drained, what="all has drained", deadline_s=DRAIN_S)
        took = time.monotonic() - began
        await self.checker.check_all(rng=random.Random(1))
        self.violations += self.checker.findings.violations
        self.checker.findings.violations.clear()
        return took


@asynccontextmanager
async def scene(
    directory: Path,
    log: IO[str],
    *,
    clients: int,
    pause_s: float,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Scene]:
    """Start registry and notify on a stack of their own, with clients at work."""
    world = World(directory, NAMES, seed="outage", settings=settings or {})
    try:
        await world.start()
        history = History(world, log)
        firms = FirmClients(history, clients=clients, pause_s=pause_s)
        made = Scene(world, history, firms, Checker(world, history, firms, None, Wire()))
        try:
            yield made
        finally:
            await made.rest()
    finally:
        await world.stop()


async def freeze_database(made: Scene, *, seconds: float) -> Figures:
    """PostgreSQL is stopped (SIGSTOP): every request is refused in time, and then it serves."""
    await made.begin()
    before = await _connections(made.world)
    began = time.monotonic()
    made.world.postgres.freeze()
    await asyncio.sleep(seconds)
    made.world.postgres.thaw()
    thawed = time.monotonic()
    await until(made.serves, what="accepted commands after the thaw", deadline_s=30)
    recovered = time.monotonic() - thawed
    await asyncio.sleep(AFTER_S)
    await made.rest()
    during = made.between(began, thawed - DEADLINE_S - 1)
    _expect_refusals(made, made.between(began, thawed))
    drained = await made.settle()
    after = await _connections(made.world)
    made.expect(after <= max(before, 1) + 1, f"{after} connections after, {before} before")
    return {
        "frozen for": f"{seconds:g} s",
        "requests while frozen": _statuses(during),
        "longest request": f"{_longest(made.between(began, thawed)):.2f} s",
        "serves again after": f"{recovered:.2f} s",
        "drained and checked after": f"{drained:.1f} s",
        "connections before and after": f"{before} and {after}",
    }


def _expect_refusals(made: Scene, during: list[Sample]) -> None:
    made.expect(_longest(during) <= DEADLINE_S + 1, f"a request took {_longest(during):.2f} s")
    odd = {s.status for s in during} - {200, 201, 503, 409, 412}
    made.expect(not odd, f"statuses {sorted(odd)} while a server was away")
    bare = [s for s in during if s.status == 503 and not s.retry_after]
    made.expect(not bare, f"{len(bare)} refusals without Retry-After")


async def drop_connections(made: Scene, *, times: int) -> Figures:
    """The connections to PostgreSQL and to the broker break again and again."""
    await made.begin()
    began = time.monotonic()
    for number in range(times):
        made.world.database_proxies["registry"].reset_all()
        if number % 3 == 0:
            made.world.kafka_proxy.reset_all()
        await asyncio.sleep(0.5)
    ended = time.monotonic()
    await until(made.serves, what="accepted commands after the resets", deadline_s=30)
    await asyncio.sleep(AFTER_S)
    await made.rest()
    during = made.between(began, ended)
    _expect_refusals(made, during)
    drained = await made.settle()
    return {
        "resets": str(times),
        "requests meanwhile": _statuses(during),
        "longest request": f"{_longest(during):.2f} s",
        "drained and checked after": f"{drained:.1f} s",
    }


async def stop_broker(
    made: Scene, *, seconds: float, limit_rows: int, longest_s: float = 0
) -> Figures:
    """The broker is down: writes are accepted up to the bound, then refused; all arrives after.

    It stays down until something was refused, but for ``longest_s`` at most.
    """
    await made.begin()
    began = time.monotonic()
    made.world.broker.kill()
    full_at: float | None = None
    while (away := time.monotonic() - began) < seconds or (full_at is None and away < longest_s):
        await asyncio.sleep(0.5)
        recent = made.between(time.monotonic() - 1, time.monotonic())
        if full_at is None and any(sample.status == 503 for sample in recent):
            full_at = time.monotonic() - began
    rows = await made.outbox()
    restarted = time.monotonic()
    made.world.broker.launch()
    await asyncio.to_thread(made.world.broker.wait_ready)
    up = time.monotonic()
    await until(made.serves, what="accepted commands", deadline_s=60)
    serves = time.monotonic() - up
    await made.rest()
    await until(lambda: _empty(made), what="an empty outbox", deadline_s=DRAIN_S)
    emptied = time.monotonic() - up
    during = made.between(began, restarted)
    _expect_refusals(made, during)
    drained = await made.settle()
    made.expect(full_at is not None or rows < limit_rows, "the bound refused nothing")
    made.expect(rows <= limit_rows * 1.1 + 50, f"{rows} rows waited, the bound is {limit_rows}")
    return {
        "broker down for": f"{restarted - began:.0f} s",
        "bound": f"{limit_rows} rows",
        "full after": "never" if full_at is None else f"{full_at:.1f} s",
        "rows that waited": str(rows),
        "requests meanwhile": _statuses(during),
        "longest request": f"{_longest(during):.2f} s",
        "accepts again after the broker is up": f"{serves:.2f} s",
        "outbox empty after": f"{emptied:.1f} s",
        "rows per second": f"{rows / max(emptied, 0.001):.0f}",
        "drained and checked after": f"{drained:.1f} s more",
    }


async def _empty(made: Scene) -> bool:
    await asyncio.sleep(0.1)
    return await made.outbox() == 0


async def _connections(world: World) -> int:
    connection = await asyncpg.connect(world.postgres.admin_dsn)
    try:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'registry_app'"
        )
    finally:
        await connection.close()
    return count


def _longest(samples: list[Sample]) -> float:
    return max((sample.seconds for sample in samples), default=0.0)


def _statuses(samples: list[Sample]) -> str:
    counts = Counter(sample.status for sample in samples)
    named = {"no answer" if not status else str(status): n for status, n in counts.items()}
    return ", ".join(f"{name}: {count}" for name, count in sorted(named.items())) or "none"


async def play(
    name: str, directory: Path, *, seconds: float | None, limit_rows: int
) -> tuple[Figures, list[str]]:
    """Play one outage in full; returns its figures and what did not hold."""
    settings = {"TONGZHOU_OUTBOX_LIMIT_ROWS": str(limit_rows)} if name == "broker" else {}
    with (directory / "history.jsonl").open("w", encoding="utf-8") as log:
        async with scene(directory, log, clients=12, pause_s=0.05, settings=settings) as made:
            match name:
                case "database":
                    figures = await freeze_database(made, seconds=seconds or 30)
                case "broker":
                    figures = await stop_broker(made, seconds=seconds or 600, limit_rows=limit_rows)
                case _:
                    figures = await drop_connections(made, times=int((seconds or 30) * 2))
            return figures, made.violations
