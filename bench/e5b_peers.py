"""E5b: from the commit's return to the consumer's hands, beside both peers."""

from contextlib import AsyncExitStack

from bench import e5_latency, load, programs
from bench.ground import Ground
from bench.measuring import Bar, Leg, Outcome, in_turn
from bench.peers import debezium, faststream
from shared.events.catalogue import PARTITIONS, TOPICS
from shared.messaging import kafka

NAME = "E5b"
TITLE = "commit to consumed beside Debezium Server 3.6 and faststream-outbox 0.19"
WARMING_ROUNDS = 2
PEERS = ("debezium", "faststream")
BARS = tuple(
    Bar(
        f"p99 at {rate}/s over Debezium",
        "ms p99",
        f"ours {rate}/s",
        over=f"debezium {rate}/s",
        at_most=0.6,
    )
    for rate in e5_latency.RATES
)
LIMITED_BY = "as E5"
NOTES = (
    "writer, relay and reader are processes of their own; one plain reader for every relay; "
    "one transaction per event over ten connections; synced commits; acks=all",
    "ours notifies after the commit, faststream-outbox within the transaction as its own publish "
    "does; Debezium reads the log",
    "the relays that are not measured stand still (SIGSTOP) for the length of a leg",
    f"Debezium is warm: {WARMING_ROUNDS + 1} rounds of each rate before the first that counts",
)


async def run(ground: Ground) -> Outcome:
    """Warm Debezium up, then measure all three at both rates in turn."""
    await kafka.create_topics(
        ground.broker,
        [(topic.name, PARTITIONS, {}) for topic in TOPICS],
        replication_factor=1,
    )
    topics = {name: await ground.topic(name) for name in PEERS}
    async with AsyncExitStack() as running:
        dsns = {name: await running.enter_async_context(ground.database()) for name in PEERS}
        own = await running.enter_async_context(ground.database())
        relay = await running.enter_async_context(programs.relay(ground, own))
        peers = {
            name: await running.enter_async_context(peer.running(ground, dsns[name], topics[name]))
            for name, peer in (("debezium", debezium), ("faststream", faststream))
        }
        legs: dict[str, Leg] = {}
        for rate in e5_latency.RATES:
            legs[f"ours {rate}/s"] = e5_latency.leg(
                ground, "ours", own.app, load.TOPIC, rate, relay, [*peers.values()]
            )
            for name in PEERS:
                legs[f"{name} {rate}/s"] = e5_latency.leg(
                    ground,
                    name,
                    dsns[name].owner,
                    topics[name],
                    rate,
                    others=[relay, *(child for peer, child in peers.items() if peer != name)],
                )
        for number in range(WARMING_ROUNDS):
            ground.say(f"warming debezium {number + 1}/{WARMING_ROUNDS}")
            for rate in e5_latency.RATES:
                await legs[f"debezium {rate}/s"]()
        samples = await in_turn(legs, repetitions=ground.repetitions, say=ground.say)
    return Outcome(NAME, TITLE, samples, BARS, NOTES)
