"""Where a consumer goes on: the database says, however slow it is and whatever the broker has."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from deploy.local.stack import Stack
from shared.db.database import DatabaseUnavailable, Transaction
from shared.events.catalogue import PARTITIONS
from shared.events.registry import EnterpriseRegistered
from shared.messaging import consumer as consumers
from shared.messaging import inbox, kafka
from shared.messaging.apply import Applier
from shared.messaging.consumer import Consumer
from shared.messaging.kafka import KafkaError, KafkaSettings
from shared.messaging.topics import ensure_topics
from tests.integration.test_backbone import (
    TOPIC,
    consuming,
    publish,
    relaying,
    running,
    start_at_the_end,
)
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.toy import FIRM, Toy, note, toy_on
from tests.support.waiting import until

pytestmark = pytest.mark.integration


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


async def noted(toy: Toy, sequences: Sequence[int]) -> None:
    """Wait until exactly these have taken effect, in this order."""

    async def seen() -> bool:
        return await toy.effects(FIRM) == list(sequences)

    await until(seen, what=f"{sequences} took effect")


class TestAssignment:
    async def test_waits_for_a_slow_database(
        self, toy: Toy, broker: KafkaSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = inbox.stored_offsets
        may_read = asyncio.Event()

        async def slow(
            work: Transaction, consumer: str, topics: Sequence[str]
        ) -> dict[tuple[str, int], int]:
            await may_read.wait()
            return await read(work, consumer, topics)

        monkeypatch.setattr(inbox, "stored_offsets", slow)
        applier = Applier(toy.database, "newcomer", {EnterpriseRegistered: note})
        member = Consumer(toy.database, applier, broker, [TOPIC])
        async with toy.database.transaction() as work:
            await work.execute(
                "INSERT INTO consumer_offset SELECT 'newcomer', topic, partition, next_offset, "
                "updated_at FROM consumer_offset WHERE consumer = 'toy'"
            )
        await publish(toy, 1)
        async with relaying(toy, broker), running(member.run()):

            async def joined() -> bool:
                return member._client is not None and bool(member._client.assignment())

            await until(joined, what="the newcomer is assigned partitions")
            may_read.set()
            await noted(toy, [1])

    async def test_that_failed_skips_nothing(
        self, toy: Toy, broker: KafkaSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        member = Consumer(toy.database, toy.applier, broker, [TOPIC])
        async with relaying(toy, broker), running(member.run()):
            await publish(toy, 1, 2)
            await noted(toy, [1, 2])
            # Of every partition, idle ones too: else the broker's silence alone would be noticed.
            assert member._client is not None
            await member._client.commit(dict(member._next))
        # The database is set back behind what the broker remembers, as after a restore.
        async with toy.database.transaction() as work:
            await work.execute("DELETE FROM effect")
            await work.execute("DELETE FROM consumer_watermark")
            await work.execute(
                "UPDATE consumer_offset SET next_offset = next_offset - 2 WHERE partition = $1",
                kafka.partition_of(FIRM, PARTITIONS),
            )
        monkeypatch.setattr(consumers, "REJOIN_S", 0.05)
        read = inbox.stored_offsets
        failures = [DatabaseUnavailable("away for a moment")]

        async def fail_once(
            work: Transaction, consumer: str, topics: Sequence[str]
        ) -> dict[tuple[str, int], int]:
            if failures:
                raise failures.pop()
            return await read(work, consumer, topics)

        monkeypatch.setattr(inbox, "stored_offsets", fail_once)
        async with consuming(toy, broker):
            await noted(toy, [1, 2])
        assert failures == []
        assert (await toy.parked()) == {}


class TestTopics:
    async def test_that_cannot_be_created_are_no_silence(self, broker: KafkaSettings) -> None:
        with pytest.raises(KafkaError):
            await kafka.create_topics(broker, [("tongzhou.test.v1", 1, {})], replication_factor=3)

    async def test_are_created_once(self, broker: KafkaSettings) -> None:
        wanted = [("tongzhou.once.v1", 1, {"min.insync.replicas": "1"})]

        first = await kafka.create_topics(broker, wanted, replication_factor=1)
        again = await kafka.create_topics(broker, wanted, replication_factor=1)

        assert (first, again) == (["tongzhou.once.v1"], [])
