"""E5: from the commit's return to the consumer's hands, and what idling costs."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from statistics import quantiles
from typing import Any

from bench import costs, load, programs
from bench.ground import Ground
from bench.measuring import Bar, Leg, Outcome, Sample, in_turn
from deploy.local.places import CHECKOUT
from deploy.local.processes import Child
from shared.db.provision import ServiceDsns
from shared.events.catalogue import PARTITIONS, TOPICS
from shared.messaging import kafka

NAME = "E5"
TITLE = "commit to consumed, at 100 and 1,000 events/s; cost of idling"
RATES = {100: 8.0, 1000: 5.0}
"""Seconds of load per rate; the first one is dropped."""
DROPPED_S = 1.0
IDLE_SERVICE = "credit"
IDLE_S = 10.0
SETTLED_S = 10.0
IDLE_BAR = Bar("idle relay and consumer", "% of a core", "idle", at_most=2.0)
LIMITED_BY = (
    "one synced commit and one acknowledged Produce; at 1,000/s writer, server, relay, broker "
    "and reader ask for more than the two cores, so that events wait for a turn"
)
NOTES = (
    "writer, relay and reader are processes of their own; one plain reader for every relay; "
    "one transaction per event over ten connections; synced commits; acks=all",
    "bare: from the call of send to the reader's hands, without a database",
    "idle: the relay and the consumer of the service with the most subscriptions, as deployed",
)


async def run(ground: Ground) -> Outcome:
    """Measure every relay at both rates in turn, and the idle processes."""
    await kafka.create_topics(
        ground.broker,
        [(topic.name, PARTITIONS, {}) for topic in TOPICS],
        replication_factor=1,
    )
    topic = await ground.topic("bare")
    servers = ground.kafka.bootstrap_servers
    async with (
        ground.database() as dsns,
        programs.relay(ground, dsns) as child,
        ground.database(IDLE_SERVICE) as idling,
    ):
        legs: dict[str, Leg] = {}
        for rate in RATES:
            legs[f"ours {rate}/s"] = leg(ground, "ours", dsns.app, load.TOPIC, rate, child)
            legs[f"bare {rate}/s"] = leg(ground, "bare", servers, topic, rate)
        legs["idle"] = lambda: idle(ground, idling)
        samples = await in_turn(legs, repetitions=ground.repetitions, say=ground.say)
    return Outcome(NAME, TITLE, samples, [*bars(), IDLE_BAR], NOTES)


def bars() -> list[Bar]:
    """Return the promises over the bare client."""
    return [
        Bar(f"p50 at {rate}/s over bare", "ms p50", f"ours {rate}/s", f"bare {rate}/s", at_most=3)
        for rate in RATES
    ]


def leg(
    ground: Ground,
    way: str,
    address: str,
    topic: str,
    rate: int,
    relay: Child | None = None,
    others: Sequence[Child] = (),
) -> Leg:
    """Return the leg of one way of writing at one rate; the others stand still meanwhile."""

    async def measure() -> Sample:
        count = int(rate * RATES[rate])
        spent = _cpu(relay)
        async with reading(ground, topic, count) as reader:
            with standing_still(others):
                committed = await programs.report_of(
                    "bench.e5_writer", way, address, topic, rate, count
                )
                said, _ = await reader.communicate()
        consumed = json.loads(said.splitlines()[-1])
        sample = latency(committed, consumed, first=int(rate * DROPPED_S))
        if relay is not None:
            sample["us of relay cpu/event"] = (_cpu(relay) - spent) / count * 1e6
        return sample

    return measure


@contextmanager
def standing_still(children: Sequence[Child]) -> Iterator[None]:
    """Stop processes for the length of one leg: what they do when idle is not its cost."""
    pids = [child.pid for child in children if child.pid is not None]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def _cpu(child: Child | None) -> float:
    return costs.cpu_seconds(child.pid) if child is not None and child.pid is not None else 0.0


def latency(committed: Mapping[str, int], consumed: Mapping[str, int], *, first: int) -> Sample:
    """Return percentiles in milliseconds of what was written from number ``first`` on."""
    took = [(consumed[key] - at) / 1e6 for key, at in committed.items() if int(key) >= first]
    cuts = quantiles(took, n=100)
    return {"ms p50": cuts[49], "ms p99": cuts[98], "ms at most": max(took)}


@asynccontextmanager
async def reading(
    ground: Ground, topic: str, count: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the reader; it stands at the topic's ends when this yields."""
    arguments = ("-m", "bench.e5_reader", ground.kafka.bootstrap_servers, topic, str(count))
    reader = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, cwd=CHECKOUT
    )
    try:
        said = await _line(reader)
        if said != b"ready\n":
            raise RuntimeError("the reader did not start")
        yield reader
    finally:
        if reader.returncode is None:
            reader.kill()
            await reader.wait()


async def _line(process: Any) -> bytes:  # noqa: ANN401 - its pipe is there, as asked for
    line: bytes = await process.stdout.readline()
    return line


async def idle(ground: Ground, dsns: ServiceDsns) -> Sample:
    """Start a relay and a consumer, let them settle, and read their clocks for a while."""
    async with (
        programs.service(ground, "relay", dsns, name=IDLE_SERVICE) as (relay, _),
        programs.service(ground, "consume", dsns, name=IDLE_SERVICE) as (consumer, _),
    ):
        await asyncio.sleep(SETTLED_S)
        before = _cpu(relay), _cpu(consumer)
        await asyncio.sleep(IDLE_S)
        shares = [
            (after - spent) / IDLE_S * 100
            for after, spent in zip((_cpu(relay), _cpu(consumer)), before, strict=True)
        ]
    return {"% of a core": sum(shares), "% relay": shares[0], "% consumer": shares[1]}
