"""E4b: the relay under live load, against Debezium Server with its outbox event router, warm."""

from itertools import count

from bench import programs
from bench.ground import Ground
from bench.measuring import Bar, Outcome, Sample, in_turn
from bench.peers import debezium, live

NAME = "E4b"
TITLE = "relay under live load, against Debezium Server 3.6 with the outbox event router"
EVENTS = 100_000
WARMING_ROUNDS = 2
LIMITED_BY = "the writer's commits on ours; the peer's JVM shares the cores with the inserts"
BARS = (
    Bar("events/s", "events/s", "ours", over="debezium", at_least=1.5),
    Bar("cpu per event", "us of cpu/event", "ours", over="debezium", at_most=0.5),
    Bar("resident memory", "MB resident", "ours", over="debezium", at_most=0.2),
)
NOTES = (
    f"{EVENTS:,} rows by COPY in transactions of 1,000, one after another; synced commits; "
    "to the last record that a consumer could see",
    "Debezium: poll 5 ms, batches of 8,192, queue of 32,768, lz4, -Xmx1g, Java 25; warm: "
    f"{WARMING_ROUNDS + 1} rounds of the same load before the first that counts",
    "cpu of the relay's process alone: what the server spends on decoding its log for Debezium "
    "and on our reads and deletes is in the postgres cores; nobody deletes Debezium's rows",
)


async def run(ground: Ground) -> Outcome:
    """Warm Debezium up, then measure both in turn."""
    seeds = count(1)
    topic = await ground.topic("debezium")
    async with (
        ground.database() as ours_dsns,
        programs.relay(ground, ours_dsns) as relay,
        ground.database() as dsns,
        debezium.running(ground, dsns, topic) as child,
    ):

        async def theirs() -> Sample:
            rows = live.of_peer("debezium", EVENTS, seed=next(seeds))
            return await live.measure(ground, dsns.app, child, rows, topic)

        for number in range(WARMING_ROUNDS):
            ground.say(f"warming debezium {number + 1}/{WARMING_ROUNDS}")
            await theirs()
        legs = {"ours": lambda: live.ours(ground, ours_dsns, relay, EVENTS), "debezium": theirs}
        samples = await in_turn(legs, repetitions=ground.repetitions, say=ground.say)
    return Outcome(NAME, TITLE, samples, BARS, NOTES)
