"""The runs of the order proof: undisturbed, and under the faults that a relay must survive."""

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial

from deploy.local.stack import Stack
from shared.messaging import limits
from tests.proof import worker
from tests.proof.oracle import Verdict
from tests.proof.worker import Child
from tests.proof.yard import Yard, yard_on
from tests.support.databases import Databases
from tests.support.waiting import until

PAGES_IN_FLIGHT = 3
"""Sent and not yet deleted: a page at the publisher, one queued behind it, one being deleted."""

WINDOW_ROWS = PAGES_IN_FLIGHT * limits.PAGE_ROWS
"""What a relay that dies may have sent without deleting it: its successor sends that again."""

TAKEOVER_S = 5.0


@dataclass(slots=True)
class Outcome:
    """What one run showed."""

    name: str
    verdict: Verdict
    window_rows: int
    seconds: float
    written: Mapping[str, int]
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def violations(self) -> dict[str, float]:
        """What was broken; empty is good."""
        found: dict[str, float] = dict(self.verdict.violations)
        if self.verdict.duplicates > self.window_rows:
            found["duplicates beyond the window"] = self.verdict.duplicates - self.window_rows
        found |= {
            f"{name} over {TAKEOVER_S} s": value
            for name, value in self.figures.items()
            if name.endswith("takeover_s") and value > TAKEOVER_S
        }
        return found

    def row(self) -> str:
        """One line of the table."""
        counts = self.verdict
        figures = " ".join(f"{name}={value:g}" for name, value in self.figures.items())
        return (
            f"{self.name:<28} {counts.committed:>8} {counts.lost:>6} {counts.inverted:>9} "
            f"{counts.duplicate_effects:>12} {counts.duplicates:>8} {self.window_rows:>7} "
            f"{self.seconds:>7.1f}  {figures}"
        )

    def as_json(self) -> str:
        """One line for a machine."""
        return json.dumps({**asdict(self), "violations": self.violations})


HEADER = (
    f"{'run':<28} {'events':>8} {'lost':>6} {'inverted':>9} {'dup.effects':>12} "
    f"{'dup.wire':>8} {'window':>7} {'seconds':>7}"
)

Writing = Callable[[int], Awaitable[Mapping[str, int]]]
Fault = Callable[[Yard, Writing, int], Awaitable[dict[str, float]]]
"""Lets so many events be written while something happens; returns figures."""


async def undisturbed(yard: Yard, write: Writing, events: int) -> dict[str, float]:
    """One relay, and nothing happens to it: not one duplicate is allowed."""
    yard.start(worker.relay)
    began = time.monotonic()
    await write(events)
    return {"written_per_s": round(events / (time.monotonic() - began))}


async def relays_hurt(yard: Yard, write: Writing, events: int) -> dict[str, float]:
    """Three relays: the one at work is killed mid-page; the next is stopped, cut off, woken."""
    await write(events // 2)
    for _ in range(3):
        yard.start(worker.relay)
    victim = await _at_work(yard)
    victim.hurt(signal.SIGKILL)
    killed = await yard.succession(victim, within_s=30)
    writing = asyncio.create_task(_as_coroutine(write(events - events // 2)))
    sleeper = await _at_work(yard)
    sleeper.hurt(signal.SIGSTOP)
    await yard.cut_off(sleeper)
    stopped = await yard.succession(sleeper, within_s=30)
    await _at_work_or_done(yard)
    sleeper.hurt(signal.SIGCONT)
    await writing
    return {"killed_takeover_s": round(killed, 2), "stopped_takeover_s": round(stopped, 2)}


async def broker_away(
    yard: Yard, write: Writing, events: int, *, stack: Stack, outage_s: float
) -> dict[str, float]:
    """The broker is killed mid-page and comes back after a while; the writers go on."""
    yard.start(worker.relay)
    writing = asyncio.create_task(_as_coroutine(write(events)))
    await _at_work(yard)
    stack.kafka.kill()
    await asyncio.gather(writing, asyncio.sleep(outage_s))
    depth = await yard.outbox()
    await asyncio.to_thread(stack.kafka.restart)
    began = time.monotonic()

    async def drained() -> bool:
        return await yard.outbox() == 0

    await until(drained, what="the outbox drains after the outage", deadline_s=120)
    return {"outbox_at_return": depth, "drained_s": round(time.monotonic() - began, 1)}


async def _as_coroutine(awaitable: Awaitable[object]) -> None:
    await awaitable


async def _at_work(yard: Yard) -> Child:
    """Wait until a leaseholder sends; returns it."""
    before = len(yard.wire.seen)

    async def sends() -> bool:
        return len(yard.wire.seen) > before and await yard.leaseholder() is not None

    await until(sends, what="a relay sends", deadline_s=60)
    holder = await yard.leaseholder()
    if holder is None:
        raise RuntimeError("the leaseholder has just ended by itself")
    return holder


async def _at_work_or_done(yard: Yard) -> None:
    """Wait until a leaseholder sends, or has sent all of it before this looked."""
    before = len(yard.wire.seen)

    async def sends() -> bool:
        return len(yard.wire.seen) > before or await yard.outbox() == 0

    await until(sends, what="a relay sends", deadline_s=60)


@dataclass(frozen=True, slots=True)
class Plan:
    """One run to make."""

    name: str
    fault: Fault
    events: int
    deaths: int
    """How many relays or producers die in it: each may leave one window of duplicates."""

    processes: int = 1


async def play(plan: Plan, *, databases: Databases, stack: Stack, run: int, seed: int) -> Outcome:
    """Make one run and judge it."""
    began = time.monotonic()
    written: Counter[str] = Counter()
    async with yard_on(databases, stack.bootstrap_servers, run) as yard:
        yard.start(worker.consume)

        async def write(events: int) -> Mapping[str, int]:
            part = f"{seed}-{run}-{written.total()}"
            written.update(await yard.write(events=events, seed=part, processes=plan.processes))
            return written

        figures = await plan.fault(yard, write, plan.events)
        await yard.settle()
        verdict = await yard.verdict()
    seconds = round(time.monotonic() - began, 1)
    window = plan.deaths * WINDOW_ROWS
    return Outcome(plan.name, verdict, window, seconds, dict(written), figures)


def full_plans(*, events: int, stack: Stack) -> list[Plan]:
    """The plans of ``make proof``."""
    part = max(1, events // 5)
    return [
        Plan("undisturbed", undisturbed, events, deaths=0, processes=2),
        Plan("relays killed and stopped", relays_hurt, part, deaths=2),
        Plan("broker away 20 s", partial(broker_away, stack=stack, outage_s=20), part, deaths=1),
        Plan("broker away 90 s", partial(broker_away, stack=stack, outage_s=90), part, deaths=1),
    ]
