"""E6: effects of a consumer per second, against the same SQL from a bare driver."""

import asyncpg

from bench import consuming, load, programs
from bench.ground import Ground
from bench.measuring import Bar, Leg, Outcome, Sample, in_turn

NAME = "E6"
TITLE = "consumer effects at batches of 1, 50 and 500"
COUNTS = {1: 2_000, 50: 20_000, 500: 30_000}
LIMITED_BY = (
    "the consumer's one thread: reading and validating a record takes about as long as the "
    "driver's own work for its row; savepoints and watermarks come on top"
)
BARS = (
    Bar("consumer over driver, batches of 1", "effects/s", "consumer 1", over="driver 1"),
    Bar("consumer over driver, batches of 50", "effects/s", "consumer 50", over="driver 50"),
    Bar(
        "consumer over driver, batches of 500",
        "effects/s",
        "consumer 500",
        over="driver 500",
        at_least=0.6,
    ),
)


async def run(ground: Ground) -> Outcome:
    """Measure both at each size in turn."""
    legs: dict[str, Leg] = {}
    for size, count in COUNTS.items():
        legs[f"consumer {size}"] = leg(ground, "applier", size, count)
        legs[f"driver {size}"] = leg(ground, "driver", size, count)
    samples = await in_turn(legs, repetitions=ground.repetitions, say=ground.say)
    notes = ["each event is one INSERT of its own; 500 keys; both with prepared statements"]
    return Outcome(NAME, TITLE, samples, BARS, notes)


def leg(ground: Ground, way: str, size: int, count: int) -> Leg:
    """Return a leg on a database of its own."""

    async def consume() -> Sample:
        async with ground.database() as dsns:
            owner = await asyncpg.connect(dsns.owner)
            await owner.execute(consuming.EFFECT_TABLE)
            await owner.execute(
                "INSERT INTO consumer_offset VALUES ($1, $2, 0, 0, $3)",
                consuming.CONSUMER,
                load.TOPIC,
                load.RECORDED_AT,
            )
            took = await programs.report_of("bench.consuming", dsns.app, way, size, count)
            written = await owner.fetchval("SELECT count(*) FROM effect")
            await owner.close()
        if written != count:
            raise RuntimeError(f"{written} effects instead of {count}")
        return {
            "effects/s": count / took["seconds"],
            "us of cpu/effect": took["cpu"] / count * 1e6,
            "seconds": took["seconds"],
        }

    return consume
