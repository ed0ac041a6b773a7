"""A run: rounds of faults, healing, draining and checking, until its time is over."""

import asyncio
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.events.catalogue import consumed_by
from tests.chaos.firms import FirmClients
from tests.chaos.history import History
from tests.chaos.invariants import Checker, sample_resources
from tests.chaos.lending import LendingClients, prepare
from tests.chaos.nemesis import Nemesis
from tests.chaos.schedule import Plan, draw
from tests.chaos.wire import Wire
from tests.chaos.world import World
from tests.support.waiting import until

DRAIN_S = 180.0
LENDING = {"registry", "notify", "credit", "guarantee"}
LOOK_EVERY_S = 0.5
SAY_EVERY_S = 10.0
TASKS_MORE, FDS_MORE, RSS_MORE_BYTES = 12, 30, 96 * 1024 * 1024
"""How much more a service may use at rest than it did after the first round."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is asked for."""

    seed: int
    minutes: float
    rounds_max: int
    plan: Plan
    services: tuple[str, ...]
    clients: int = 8
    cases: int = 4
    pause_s: float = 0.25
    plant: str = ""
    drain_s: float = DRAIN_S


@dataclass(slots=True)
class Result:
    """What a run found."""

    seed: int
    rounds: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    proxied: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    events: int = 0
    records: int = 0
    repeats_on_wire: int = 0
    held: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    stages: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds spent in each."""
    drains_s: list[float] = field(default_factory=list)
    resources: list[dict[str, dict[str, int]]] = field(default_factory=list)


class Run:
    """One run on a world of its own."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        self._settings = settings
        self._directory = directory
        self.result = Result(settings.seed)
        self._checker: Checker | None = None
        self._stage = "starting"
        self._since = time.monotonic()

    def _enter(self, stage: str) -> None:
        """Note how long the last stage took, and that another begins."""
        now = time.monotonic()
        self.result.stages[self._stage.rpartition(" ")[2]] += round(now - self._since, 1)
        self._stage, self._since = stage, now

    async def play(self) -> Result:
        """Play rounds until the time is over or a violation is found."""
        settings = self._settings
        began = time.monotonic()
        world = World(
            self._directory,
            settings.services,
            seed=str(settings.seed),
            plant=settings.plant,
        )
        with (self._directory / "history.jsonl").open("w", encoding="utf-8") as log:
            try:
                await world.start()
                history = History(world, log)
                self._checker = await self._assemble(world, history)
                saying = asyncio.create_task(self._say(began))
                end = began + settings.minutes * 60
                while self.result.rounds < settings.rounds_max and not self.result.violations:
                    await self._round(world, self._checker)
                    if time.monotonic() >= end:
                        break
                saying.cancel()
            finally:
                await world.stop()
                self.result.seconds = time.monotonic() - began
                self.result.proxied += _proxied(world)
        return self.result

    async def _assemble(self, world: World, history: History) -> Checker:
        settings = self._settings
        firms = FirmClients(history, clients=settings.clients, pause_s=settings.pause_s)
        lending = None
        if set(world.names) >= LENDING:
            self._enter("preparing")
            await prepare(world)
            lending = LendingClients(history, clients=settings.cases, pause_s=settings.pause_s * 4)
        return Checker(world, history, firms, lending, Wire())

    async def _work(self, checker: Checker, *, seed: str) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(checker.firms.run(seed=seed))
            if checker.lending is not None:
                tasks.create_task(checker.lending.run(seed=seed))

    async def _round(self, world: World, checker: Checker) -> None:
        self.result.rounds += 1
        seed = f"{self._settings.seed}/{self.result.rounds}"
        consumers = [name for name in world.names if any(consumed_by(name))]
        faults = draw(seed, self._settings.plan, world.names, consumers)
        nemesis = Nemesis(world, seed=seed)
        self._enter(f"{len(faults)} faults")
        working = asyncio.create_task(self._work(checker, seed=seed))
        try:
            await nemesis.run(faults)
            self._enter("healing")
            await nemesis.heal()
        finally:
            await _end(working)
        self.result.faults += nemesis.counts
        self.result.repeated += nemesis.repeated
        self.result.violations += nemesis.failures
        self._enter("draining")
        await self._drain(world, checker)
        self._enter("checking")
        await checker.check_all(rng=random.Random(f"{seed}/check"))
        await self._look_at_resources(world)
        self._enter("stopping")
        self._sum_up(checker)

    async def _drain(self, world: World, checker: Checker) -> None:
        """Liveness: every open command becomes known and everything drains, in time."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._settings.drain_s):
                await checker.firms.settle_all()
                if checker.lending is not None:
                    await checker.lending.settle_all()
        except TimeoutError:
            checker.findings.violations.append("I6 a command never got a clear answer")

        async def drained() -> bool:
            await asyncio.sleep(LOOK_EVERY_S)
            return not await checker.left_over()

        try:
            await until(drained, what="all drained", deadline_s=self._settings.drain_s)
            checker.findings.held["I6"] += len(world.names)
            self.result.drains_s.append(round(time.monotonic() - began, 1))
        except TimeoutError:
            left = await checker.left_over()
            for name in left:
                left[name]["why"] = await checker.parked(name)
            checker.findings.violations.append(f"I6 not drained: {left}")

    async def _look_at_resources(self, world: World) -> None:
        """I16: at rest, a service uses what it used at rest before."""
        now = await sample_resources(world, world.names)
        self.result.resources.append(now)
        first = self.result.resources[0]
        findings = self._checker.findings if self._checker is not None else None
        for name, used in now.items():
            for what, more in (("tasks", TASKS_MORE), ("fds", FDS_MORE), ("rss", RSS_MORE_BYTES)):
                if findings is not None:
                    findings.check(
                        "I16",
                        used[what] <= first[name][what] + more,
                        f"{name} has {used[what]} {what}, at first {first[name][what]}",
                    )

    def _sum_up(self, checker: Checker) -> None:
        self.result.operations = Counter(checker.history.counts)
        self.result.events = checker.wire.distinct
        self.result.records = checker.wire.counts["records"]
        self.result.repeats_on_wire = checker.wire.counts["repeated"]
        self.result.held = Counter(checker.findings.held)
        self.result.violations += checker.findings.violations
        checker.findings.violations.clear()

    async def _say(self, began: float) -> None:
        """Show from time to time how far the run is."""
        while True:
            checker = self._checker
            counts = Counter[str]() if checker is None else checker.history.counts
            sys.stdout.write(
                f"{time.monotonic() - began:7.0f} s  round {self.result.rounds}: {self._stage}; "
                f"{counts['ok']} acknowledged, {counts['unknown']} were unknown, "
                f"{counts['refused']} refused; {self.result.events} events, "
                f"{sum(self.result.held.values())} checks held\n"
            )
            sys.stdout.flush()
            await asyncio.sleep(SAY_EVERY_S)


async def _end(working: "asyncio.Task[None]") -> None:
    """Stop the clients; a client that failed by itself is a defect of the run."""
    if working.done():
        working.result()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


def _proxied(world: World) -> Counter[str]:
    found = Counter(world.kafka_proxy.counts)
    for proxy in world.database_proxies.values():
        found += proxy.counts
    return found


def show(result: Result, write: Callable[[str], object]) -> None:
    """Print a run's table."""
    rows: list[tuple[str, str]] = [
        ("seed", str(result.seed)),
        ("rounds", f"{result.rounds} in {result.seconds / 60:.1f} minutes"),
        ("faults", _counts(result.faults)),
        ("by the proxies", _counts(result.proxied)),
        ("operations", _counts(result.operations)),
        ("events", f"{result.events} in {result.records} records"),
        ("repeated on the wire", f"{result.repeats_on_wire}, of them {result.repeated} by hand"),
        (
            "time to drain",
            f"{_median(result.drains_s)} s median, {max(result.drains_s, default=0)} s longest",
        ),
        ("checks that held", _counts(result.held)),
        ("seconds spent", _counts(result.stages)),
        ("violations", str(len(result.violations))),
    ]
    for name, value in rows:
        write(f"{name:<22}{value}\n")
    for violation in result.violations[:40]:
        write(f"  VIOLATION {violation}\n")


def _counts(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {round(count, 1)}" for name, count in sorted(counts.items()))


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


def as_json(result: Result) -> dict[str, Any]:
    """Return a run's findings as plain values."""
    found: dict[str, Any] = json.loads(
        json.dumps({name: getattr(result, name) for name in Result.__slots__})
    )
    return found
