"""E4a: the relay, draining and under live load, against faststream-outbox at its best settings."""

from bench import programs
from bench.ground import Ground
from bench.measuring import Bar, Outcome, Sample, in_turn
from bench.peers import faststream, live

NAME = "E4a"
TITLE = "relay against faststream-outbox 0.19, drain and live"
OURS = 100_000
THEIRS = 20_000
"""Enough to be steady: the peer takes longer for them than ours for all of its own."""
NOTIFY_PEER = "SELECT pg_notify('outbox_peer_outbox', 'events')"
LIMITED_BY = (
    "the peer's one thread: one message at a time through its middleware and one awaited "
    "send per row; ours sends a page as prepared batches"
)
BARS = (
    Bar("drain", "events/s", "ours drain", over="faststream drain", at_least=12),
    Bar("live", "events/s", "ours live", over="faststream live", at_least=12),
    Bar("cpu, drain", "us of cpu/event", "ours drain", over="faststream drain", at_most=0.1),
    Bar("cpu, live", "us of cpu/event", "ours live", over="faststream live", at_most=0.1),
)
NOTES = (
    f"ours {OURS:,} events, faststream {THEIRS:,}; drain: one commit, live: commits of 1,000 rows "
    "one after another; faststream: 48 workers, fetches and flushes of 2,000, notified",
    "cpu of the relays' processes alone",
)


async def run(ground: Ground) -> Outcome:
    """Measure both ways of both in turn."""
    topic = await ground.topic("faststream")
    async with (
        ground.database() as ours_dsns,
        programs.relay(ground, ours_dsns) as relay,
        ground.database() as dsns,
        faststream.running(ground, dsns, topic) as peer,
    ):

        async def theirs(*, at_once: bool) -> Sample:
            rows = live.of_peer("faststream", THEIRS, seed=1, notify=NOTIFY_PEER)
            return await live.measure(ground, dsns.owner, peer, rows, topic, at_once=at_once)

        legs = {
            "ours drain": lambda: live.ours(ground, ours_dsns, relay, OURS, at_once=True),
            "faststream drain": lambda: theirs(at_once=True),
            "ours live": lambda: live.ours(ground, ours_dsns, relay, OURS),
            "faststream live": lambda: theirs(at_once=False),
        }
        samples = await in_turn(legs, repetitions=ground.repetitions, say=ground.say)
    return Outcome(NAME, TITLE, samples, BARS, NOTES)
