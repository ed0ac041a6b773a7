"""E7: draining a million rows with a transaction open all the while, against E3's drain."""

import asyncio
from statistics import mean

import asyncpg

from bench import e3_relay, load, programs
from bench.costs import Meter, resident_mb
from bench.ground import Ends, Ground, until
from bench.measuring import Bar, Outcome, Sample, in_turn
from deploy.local.processes import Child
from shared.db.provision import ServiceDsns
from shared.db.waking import NOTIFY

NAME = "E7"
TITLE = "drain of a million rows with a transaction open all the while"
ROWS = 1_000_000
MADE_AT_ONCE = 50_000
DEADLINE_S = 600.0
REPETITIONS = 2
"""A million rows are long enough to be steady; more would tell no more."""
LIMITED_BY = (
    "as E3; dead rows that the open transaction keeps are stepped over by the low-water mark"
)
BARS = (
    Bar("backlog over drain of 100,000", "events/s", "backlog", over="drain", at_least=0.85),
    Bar("memory at the end over its start", "MB at the end/start", "backlog", at_most=1.25),
)
NOTES = (
    f"{ROWS:,} rows; a REPEATABLE READ transaction is open from before the first row to the end",
)


async def run(ground: Ground) -> Outcome:
    """Measure both in turn."""
    events = load.make(e3_relay.EVENTS)

    async def drain() -> Sample:
        topic = await ground.topic("drain")
        async with ground.database() as dsns, programs.relay(ground, dsns) as child:
            return await e3_relay.drain(ground, dsns, child, events.on(topic), topic)

    async def backlog() -> Sample:
        topic = await ground.topic("backlog")
        async with ground.database() as dsns, programs.relay(ground, dsns) as child:
            try:
                return await _backlog(ground, dsns, child, topic)
            finally:
                await ground.forget([topic])

    legs = {"drain": drain, "backlog": backlog}
    repetitions = min(REPETITIONS, ground.repetitions)
    samples = await in_turn(legs, repetitions=repetitions, say=ground.say)
    return Outcome(NAME, TITLE, samples, BARS, NOTES)


async def _backlog(ground: Ground, dsns: ServiceDsns, child: Child, topic: str) -> Sample:
    writer, reading = await asyncpg.connect(dsns.app), await asyncpg.connect(dsns.app)
    try:
        await reading.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM outbox")
        transaction = writer.transaction()
        await transaction.start()
        await writer.fetchval("SELECT pg_current_xact_id()::text")
        for seed in range(ROWS // MADE_AT_ONCE):
            rows = await asyncio.to_thread(load.make, MADE_AT_ONCE, seed=seed)
            await writer.copy_records_to_table(
                "outbox", records=rows.on(topic), columns=load.COLUMNS
            )
        async with Ends(ground.broker, topic) as ends:
            meter = Meter(ground.families(relay=child))
            memory: list[float] = []

            async def there() -> bool:
                memory.append(resident_mb(child.pid or 0))
                return await ends.count() >= ROWS

            meter.start()
            await transaction.commit()
            await writer.execute(NOTIFY)
            await until(there, what=f"{ROWS} records", deadline_s=DEADLINE_S)
            sample = meter.stop(per=ROWS, of="relay")
        await reading.execute("ROLLBACK")
    finally:
        await writer.close()
        await reading.close()
    tenth = max(1, len(memory) // 10)
    # The first tenth has the buffers of the first pages in it already.
    started, ended = mean(memory[tenth : 2 * tenth]), mean(memory[-tenth:])
    return {
        **sample,
        "MB start": started,
        "MB peak": max(memory),
        "MB end": ended,
        "MB at the end/start": ended / started,
    }
