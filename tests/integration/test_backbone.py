"""Outbox to effect on a real PostgreSQL and a real Kafka, with processes killed in between."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

import pytest

from deploy.local.stack import Stack
from shared import clock as system_clock
from shared.events.registry import EnterpriseRegistered
from shared.messaging import kafka, limits
from shared.messaging.consumer import Consumer
from shared.messaging.kafka import KafkaSettings, TopicPartition
from shared.messaging.leases import Lease
from shared.messaging.relay import Relay
from shared.messaging.topics import ensure_topics
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.toy import FIRM, OTHER_FIRM, POISON_NAME, Toy, toy_on
from tests.support.waiting import until

pytestmark = pytest.mark.integration

TOPIC = EnterpriseRegistered.topic()


@pytest.fixture(scope="module")
async def broker(stack: Stack) -> KafkaSettings:
    """The broker, with the catalogue's topics."""
    await ensure_topics(stack.bootstrap_servers)
    return KafkaSettings(stack.bootstrap_servers, "test")


@pytest.fixture
async def toy(
    databases: Databases, clock: ManualClock, broker: KafkaSettings
) -> AsyncIterator[Toy]:
    """A publisher and a consumer in one database; the consumer starts at the topic's end."""
    async with toy_on(databases, clock) as made:
        await start_at_the_end(made, broker)
        yield made


async def start_at_the_end(toy: Toy, broker: KafkaSettings) -> None:
    """Let the consumer see only what this test publishes: topics are shared by the run."""
    probe = kafka.consumer(broker, group="tongzhou.probe")
    await probe.start()
    try:
        partitions = [TopicPartition(TOPIC, number) for number in range(12)]
        ends = await probe.end_offsets(partitions)
    finally:
        await probe.stop()
    async with toy.database.transaction() as work:
        await work.executemany(
            "INSERT INTO consumer_offset VALUES ('toy', $1, $2, $3, $4)",
            [(p.topic, p.partition, offset, work.now) for p, offset in ends.items()],
        )


async def publish(toy: Toy, *sequences: int, uscc: str = FIRM, name: str = "firm") -> None:
    """Commit one event per sequence, each in a transaction of its own."""
    for sequence in sequences:
        event = EnterpriseRegistered(uscc=uscc, name=name, region="320706", chain="new_energy")
        async with toy.database.transaction() as work:
            work.publish(event, sequence=sequence)


@asynccontextmanager
async def relaying(toy: Toy, broker: KafkaSettings) -> AsyncIterator[None]:
    """Run a relay in this process."""
    relay = Relay(
        toy.database.dsn, broker, wake=toy.database.published, read_clock=system_clock.now
    )
    async with running(relay.run()):
        yield


@asynccontextmanager
async def consuming(toy: Toy, broker: KafkaSettings) -> AsyncIterator[None]:
    """Run a consumer in this process."""
    async with running(Consumer(toy.database, toy.applier, broker, [TOPIC]).run()):
        yield


@asynccontextmanager
async def running(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run a coroutine beside the block and end it with the block."""
    task = asyncio.create_task(work)
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def child(
    role: str, toy: Toy, broker: KafkaSettings, step: str
) -> asyncio.subprocess.Process:
    """Start a relay or consumer in a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.crashing",
        role,
        toy.database.dsn,
        broker.bootstrap_servers,
        step,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


async def outbox_depth(toy: Toy) -> int:
    """Count what has not left yet."""
    async with toy.database.read() as work:
        depth: int = await work.fetchval("SELECT count(*) FROM outbox")
    return depth


class TestRelayAndConsumer:
    async def test_carry_events_in_order_and_empty_the_outbox(
        self, toy: Toy, broker: KafkaSettings
    ) -> None:
        async with relaying(toy, broker), consuming(toy, broker):
            await publish(toy, *range(1, 41))
            await publish(toy, *range(1, 11), uscc=OTHER_FIRM)

            await until(lambda: _count(toy, 50), what="50 effects")

            assert await toy.effects() == list(range(1, 41))
            assert await toy.effects(OTHER_FIRM) == list(range(1, 11))
            await until(lambda: _empty(toy), what="an empty outbox")

    async def test_parks_a_poisoned_key_while_another_flows(
        self, toy: Toy, broker: KafkaSettings
    ) -> None:
        async with relaying(toy, broker), consuming(toy, broker):
            await publish(toy, 1, name=POISON_NAME)
            await publish(toy, 2)
            await publish(toy, 1, 2, uscc=OTHER_FIRM)

            await until(lambda: _count(toy, 2), what="the other firm's effects")
            await until(lambda: _waiting(toy, 2), what="two parked records")

        assert await toy.effects() == []
        assert await toy.parked() == {FIRM: ("poisoned", 2)}

    async def test_releases_a_scheduled_event_when_its_time_has_come(
        self, toy: Toy, broker: KafkaSettings
    ) -> None:
        event = EnterpriseRegistered(uscc=FIRM, name="late", region="320706", chain="new_energy")
        async with toy.database.transaction() as work:
            work.schedule(event, not_before=toy.clock())
        never = toy.clock().replace(year=2126)
        async with toy.database.transaction() as work:
            work.schedule(event, not_before=never)

        async with relaying(toy, broker), consuming(toy, broker):
            await until(lambda: _count(toy, 1), what="the due event's effect")

        async with toy.database.read() as work:
            assert await work.fetchval("SELECT count(*) FROM outbox_scheduled") == 1


class TestLowWaterMark:
    async def test_never_covers_a_position_that_nobody_took_yet(
        self, toy: Toy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "LEASE_CHECK_S", 0)
        lease = await Lease.open(toy.database.dsn)
        try:
            fresh = [await lease.settled_position() for _ in range(3)]
            await publish(toy, 1)
            later = [await lease.settled_position() for _ in range(3)]
        finally:
            lease.abandon()

        assert fresh == [None, None, None]
        assert later[-1] == 1

    async def test_stays_below_what_an_open_transaction_may_still_commit(
        self, toy: Toy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "LEASE_CHECK_S", 0)
        lease = await Lease.open(toy.database.dsn)
        try:
            async with toy.database.transaction():
                await publish(toy, 1)
                during = [await lease.settled_position() for _ in range(3)]
            after = [await lease.settled_position() for _ in range(3)]
        finally:
            lease.abandon()

        assert during == [None, None, None]
        assert after[-1] == 1


class TestRelayKilled:
    async def test_between_ack_and_delete_repeats_on_the_wire_and_not_in_effect(
        self, toy: Toy, broker: KafkaSettings
    ) -> None:
        await publish(toy, 1, 2, 3)
        victim = await child("relay", toy, broker, "after-ack")
        assert await asyncio.wait_for(victim.wait(), 30) == -signal.SIGKILL
        assert await outbox_depth(toy) == 3

        async with relaying(toy, broker), consuming(toy, broker):
            await publish(toy, 4)
            await until(lambda: _count(toy, 4), what="four effects")
            await until(lambda: _empty(toy), what="an empty outbox")

        assert await toy.effects() == [1, 2, 3, 4]

    async def test_leaves_its_shards_to_a_second_relay(
        self, toy: Toy, broker: KafkaSettings
    ) -> None:
        first = await child("relay", toy, broker, "none")
        try:
            await publish(toy, 1)
            await until(lambda: _empty(toy), what="the first relay's work")
            async with relaying(toy, broker), consuming(toy, broker):
                first.kill()
                await publish(toy, 2)
                await until(lambda: _count(toy, 2), what="the second relay's work", deadline_s=10)
        finally:
            if first.returncode is None:
                first.kill()
            await first.wait()

        assert await toy.effects() == [1, 2]


class TestConsumerKilled:
    async def test_between_effect_and_commit_repeats_the_work_and_not_the_effect(
        self, toy: Toy, broker: KafkaSettings
    ) -> None:
        async with relaying(toy, broker):
            await publish(toy, 1, 2)
            await until(lambda: _empty(toy), what="an empty outbox")
        victim = await child("consumer", toy, broker, "before-commit")
        assert await asyncio.wait_for(victim.wait(), 40) == -signal.SIGKILL
        assert await toy.effects() == []

        async with consuming(toy, broker):
            await until(lambda: _count(toy, 2), what="two effects", deadline_s=60)

        assert await toy.effects() == [1, 2]


class TestBrokerAway:
    async def test_keeps_every_event_until_the_broker_is_back(
        self, toy: Toy, broker: KafkaSettings, stack: Stack
    ) -> None:
        async with relaying(toy, broker), consuming(toy, broker):
            await publish(toy, 1)
            await until(lambda: _count(toy, 1), what="the first effect")
            stack.kafka.kill()
            try:
                await publish(toy, 2, 3)
            finally:
                await asyncio.to_thread(stack.kafka.restart)
            await until(lambda: _count(toy, 3), what="the effects after the outage", deadline_s=90)

        assert await toy.effects() == [1, 2, 3]


class TestProducerCutOff:
    async def test_leaves_no_task_behind(self, broker: KafkaSettings, stack: Stack) -> None:
        producer = kafka.producer(broker)
        await producer.start()
        await producer.send_and_wait(TOPIC, b"{}", partition=0)
        before = asyncio.all_tasks()
        stack.kafka.freeze()
        try:
            batch = producer.create_batch()
            batch.append(key=None, value=b"{}", timestamp=None)
            await producer.send_batch(batch, TOPIC, partition=0)

            await kafka.discard(producer, within_s=0.5)
        finally:
            stack.kafka.thaw()

        async def alone() -> bool:
            return asyncio.all_tasks() <= before

        await until(alone, what="no task of the producer's is left")


async def _count(toy: Toy, wanted: int) -> bool:
    async with toy.database.read() as work:
        return bool(await work.fetchval("SELECT count(*) = $1 FROM effect", wanted))


async def _waiting(toy: Toy, wanted: int) -> bool:
    async with toy.database.read() as work:
        return bool(await work.fetchval("SELECT count(*) = $1 FROM parked_event", wanted))


async def _empty(toy: Toy) -> bool:
    return await outbox_depth(toy) == 0
