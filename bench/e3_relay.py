"""E3: how fast the relay drains to Kafka, against the bare client with the same records."""

import asyncpg

from bench import load, programs
from bench.costs import Meter
from bench.ground import Ends, Ground
from bench.measuring import Bar, Leg, Outcome, Sample, in_turn
from deploy.local.processes import Child
from shared.db.provision import ServiceDsns
from shared.db.waking import NOTIFY

NAME = "E3"
TITLE = "relay drain to Kafka, acks=all"
EVENTS = 100_000
DEADLINE_S = 120.0
LIMITED_BY = (
    "the relay's one thread (encoding records into batches) and the broker's and server's "
    "share of the same cores"
)
BARS = (
    Bar("relay over pre-built batches", "events/s", "relay", over="batches", at_least=0.55),
    Bar("relay over send per record", "events/s", "relay", over="send", at_least=1.1),
)


async def run(ground: Ground) -> Outcome:
    """Measure the three legs in turn."""
    events = load.make(EVENTS)
    async with ground.database() as dsns, programs.relay(ground, dsns) as child:

        async def relay() -> Sample:
            topic = await ground.topic("drain")
            return await drain(ground, dsns, child, events.on(topic), topic)

        legs = {"relay": relay, "batches": bare(ground, "batches"), "send": bare(ground, "send")}
        samples = await in_turn(legs, repetitions=ground.repetitions, say=ground.say)
    notes = [
        f"{EVENTS:,} events of 420 B and 14 headers, 500 keys, 12 partitions, lz4, pages of 2,000"
    ]
    return Outcome(NAME, TITLE, samples, BARS, notes)


async def drain(
    ground: Ground, dsns: ServiceDsns, child: Child, rows: list[tuple[object, ...]], topic: str
) -> Sample:
    """Commit a backlog at once and time the relay until the broker has it and the rows are gone."""
    writer = await asyncpg.connect(dsns.app)
    try:
        async with Ends(ground.broker, topic) as ends:
            meter = Meter(ground.families(relay=child))
            transaction = writer.transaction()
            await transaction.start()
            await writer.fetchval("SELECT pg_current_xact_id()::text")
            await writer.copy_records_to_table("outbox", records=rows, columns=load.COLUMNS)
            meter.start()
            await transaction.commit()
            await writer.execute(NOTIFY)
            await ends.until(len(rows), deadline_s=DEADLINE_S)
            while await writer.fetchval("SELECT EXISTS (SELECT FROM outbox)"):
                pass
            return meter.stop(per=len(rows), of="relay")
    finally:
        await writer.close()


def bare(ground: Ground, way: str) -> Leg:
    """Return the leg of the bare client."""

    async def send() -> Sample:
        topic = await ground.topic("bare")
        servers = ground.kafka.bootstrap_servers
        took = await programs.report_of("bench.bare_producer", servers, topic, way, EVENTS)
        return {
            "events/s": EVENTS / took["seconds"],
            "us of cpu/event": took["cpu"] / EVENTS * 1e6,
            "seconds": took["seconds"],
        }

    return send
