"""E8: statements, round trips and WAL per event, against the budget that is committed.

``make test`` holds the same figures to the same budget; here they are shown, on a server that
syncs to disk.
"""

import asyncio

from bench import budget
from bench.ground import Ground
from bench.measuring import Bar, Leg, Outcome, Sample, in_turn
from deploy.local.postgres import EmbeddedPostgres

NAME = "E8"
TITLE = "what an event costs PostgreSQL, against the committed budget"
FIGURES = (budget.STATEMENTS, budget.ROUND_TRIPS, budget.WAL)
BARS = tuple(
    Bar(f"{name}: {figure} over the budget", figure, name, over=f"{name} budgeted", at_most=1.0)
    for name in budget.MEASURES
    for figure in FIGURES
)
LIMITED_BY = "nothing: these are counts; the gate in the tests holds them"
NOTES = (
    "a server with the services' own settings: logical WAL, which a peer needs, says more per row",
    "notifications of commits are left out: one speaks for many commands",
)


async def run(ground: Ground) -> Outcome:
    """Measure each on a database of its own, on a server beside the ground's."""
    plain = Ground(
        ground.directory / "budget", ground.repetitions, peers=ground.peers, say=ground.say
    )
    log = plain.directory / "logs" / "postgres.log"
    plain.postgres = EmbeddedPostgres(plain.directory, log=log)
    plain.postgres.prepare(ground.say)
    await asyncio.to_thread(plain.postgres.launch)
    try:
        await asyncio.to_thread(plain.postgres.wait_ready)
        legs: dict[str, Leg] = {}
        for name, measure in budget.MEASURES.items():
            legs[name] = measured(plain, measure)
            legs[f"{name} budgeted"] = budgeted(name)
        samples = await in_turn(legs, repetitions=ground.repetitions, say=ground.say)
    finally:
        await asyncio.to_thread(plain.postgres.stop)
    return Outcome(NAME, TITLE, samples, BARS, NOTES)


def measured(ground: Ground, measure: budget.Measure) -> Leg:
    """Return the leg that measures."""

    async def leg() -> Sample:
        async with ground.database() as dsns:
            return await measure(ground.admin_dsn, dsns)

    return leg


def budgeted(name: str) -> Leg:
    """Return the leg that reads what the budget allows."""

    async def leg() -> Sample:
        return budget.budgets()[name]

    return leg
