"""The long form of the order proof, on a stack of its own.

    python -m tests.proof --events 100000 --seed 7

Prints a table and one JSON line per run, what the oracle says of the planted relays, the crash
sweep at every point, and what breaks without each safeguard. The exit status is 1 if anything was
lost, out of order, twice in effect, or twice on the wire beyond the window that a dead relay
leaves; if an invariant did not hold; or if a safeguard's absence was not found out.
"""

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
from pathlib import Path

from deploy.local.stack import Stack, resolve_stack
from shared.messaging.topics import ensure_topics
from tests.proof import load
from tests.proof.ground import ground_on
from tests.proof.interleavings import TRAPS, spring
from tests.proof.runs import HEADER, Outcome, full_plans, play
from tests.proof.safeguard import HELD
from tests.proof.safeguards import SAFEGUARDS, try_without
from tests.proof.scenes import POINTS, crash_at
from tests.proof.sweep import sweep_on
from tests.proof.worker import be_quiet
from tests.support.databases import Databases


def say(line: str) -> None:
    """Show a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def prove(stack: Stack, *, events: int, seed: int) -> list[Outcome]:
    """Make every run."""
    await ensure_topics(stack.bootstrap_servers)
    databases = Databases(stack.admin_dsn, prefix=f"proof_{os.getpid()}")
    outcomes = []
    for number, plan in enumerate(full_plans(events=events, stack=stack)):
        run = seed % 10**6 * 10 + number
        outcome = await play(plan, databases=databases, stack=stack, run=run, seed=seed)
        say(outcome.row())
        outcomes.append(outcome)
    for number, trap in enumerate(TRAPS):
        verdict = await spring(trap, databases, stack.bootstrap_servers, seed % 10**6 * 10 + number)
        say(f"planted: {trap.name:<28} {verdict.violations}")
        if trap.caught_by not in verdict.violations:
            raise SystemExit(f"the oracle did not find out the planted {trap.name}")
    return outcomes


async def sweep_all(stack: Stack, *, seed: int) -> dict[str, list[str]]:
    """Kill a process at every point; returns what was broken after which."""
    databases = Databases(stack.admin_dsn, prefix=f"sweep_{os.getpid()}")
    broken = {}
    async with sweep_on(databases, stack.bootstrap_servers, seed) as sweep:
        for point in POINTS:
            found = await crash_at(sweep, point)
            if found:
                broken[point] = found
    say(f"killed at {len(POINTS)} points, invariants broken after {len(broken)}")
    return broken


async def take_away(stack: Stack) -> dict[str, str]:
    """Take each safeguard away; returns those whose absence was not found out."""
    databases = Databases(stack.admin_dsn, prefix=f"guard_{os.getpid()}")
    unnoticed = {}
    async with ground_on(databases) as ground:
        for safeguard in SAFEGUARDS:
            kept, removed = await try_without(safeguard, ground)
            say(f"without: {safeguard.name:<70} {removed}")
            if (kept, removed) != (HELD, safeguard.breaks):
                unnoticed[safeguard.name] = f"with it: {kept!r}, without it: {removed!r}"
    return unnoticed


async def prove_all(stack: Stack, *, events: int, seed: int) -> dict[str, object]:
    """Do all of it; returns what was broken, by the name of the run, point or safeguard."""
    say(HEADER)
    outcomes = await prove(stack, events=events, seed=seed)
    broken: dict[str, object] = {one.name: one.violations for one in outcomes if one.violations}
    broken |= await sweep_all(stack, seed=seed)
    broken |= await take_away(stack)
    for outcome in outcomes:
        say(outcome.as_json())
    return broken


def main() -> int:
    """Run the proof; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    arguments = parser.parse_args()
    be_quiet()
    say(
        f"seed {arguments.seed}; {load.WRITERS} writers, {load.AGGREGATES} aggregates, "
        f"{load.ROLLED_BACK:.0%} rolled back"
    )
    with (
        tempfile.TemporaryDirectory(prefix="tongzhou-proof-") as directory,
        resolve_stack(run_dir=Path(directory), durable=False) as stack,
    ):
        # One loop for all of it: the broker that a run restarts ends with the loop's threads.
        broken = asyncio.run(prove_all(stack, events=arguments.events, seed=arguments.seed))
    say(f"VIOLATED: {broken}" if broken else "nothing lost, nothing twice, nothing out of order")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
