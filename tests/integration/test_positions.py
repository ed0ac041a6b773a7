"""Where a consumer goes on: the database says, however slow it is and whatever the broker has."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import pytest
from aiokafka.admin import RecordsToDelete  # type: ignore[import-untyped]  # it has no types

from deploy.local.stack import Stack
from shared.db.database import DatabaseUnavailable, Transaction
from shared.events.catalogue import PARTITIONS
from shared.events.insurance import OperationExecuted
from shared.events.registry import EnterpriseRegistered
from shared.messaging import consumer as consumers
from shared.messaging import inbox, kafka, requests
from shared.messaging.apply import Applier
from shared.messaging.consumer import Consumer
from shared.messaging.kafka import KafkaError, KafkaSettings, TopicPartition
from shared.messaging.requests import Operation
from shared.messaging.topics import ensure_topics
from shared.operations.operator import Operator
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


class Lost:
    """A toy whose consumer alone reads a topic: records are deleted there, offsets moved."""

    TOPIC = OperationExecuted.topic()

    def __init__(self, toy: Toy, broker: KafkaSettings, operation_id: UUID) -> None:
        self._toy = toy
        self._broker = broker
        self._id = operation_id
        self._place = TopicPartition(self.TOPIC, kafka.partition_of(str(operation_id), PARTITIONS))
        self._applier = Applier(toy.database, "toy", {OperationExecuted: note})

    async def publish(self, *sequences: int) -> None:
        """Commit one event per sequence."""
        event = OperationExecuted.example().model_copy(update={"operation_id": self._id})
        for sequence in sequences:
            async with self._toy.database.transaction() as work:
                work.publish(event, sequence=sequence)

    def consuming(self) -> AbstractAsyncContextManager[None]:
        """Run the consumer."""
        member = Consumer(
            self._toy.database, self._applier, self._broker, [self.TOPIC], service="registry"
        )
        return running(member.run())

    async def have(self, sequences: Sequence[int]) -> None:
        """Wait until exactly these have taken effect, in this order."""

        async def seen() -> bool:
            return await self.effects() == list(sequences)

        await until(seen, what=f"{sequences} took effect")

    async def effects(self) -> list[int | None]:
        """Return what has taken effect."""
        return await self._toy.effects(str(self._id))

    async def move(self, *, by: int) -> None:
        """Move the stored offset, as a restore of either side would."""
        async with self._toy.database.transaction() as work:
            await work.execute(
                "UPDATE consumer_offset SET next_offset = next_offset + $1 "
                "WHERE topic = $2 AND partition = $3",
                by,
                *self._place,
            )

    async def delete_records(self, *, keep: int) -> None:
        """Delete the partition's first records, as its retention would."""
        client = kafka.admin(self._broker)
        await client.start()
        reader = kafka.reader(self._broker)
        await reader.start()
        try:
            ends = await reader.end_offsets([self._place])
            await client.delete_records({self._place: RecordsToDelete(ends[self._place] - keep)})
        finally:
            await reader.stop()
            await client.close()

    async def operations(self) -> list[Operation]:
        """Return what was asked for."""
        async with self._toy.database.read() as work:
            return await requests.page(work, after=None, limit=10)

    async def approve(self, operation: Operation) -> None:
        """Let a person decide, and the kernel carry it out."""
        async with self._toy.database.transaction() as work:
            await requests.decide(work, operation.id, approve=True, by="op/two")
        operator = Operator(
            service="registry",
            database=self._toy.database,
            applier=self._applier,
            kafka=self._broker,
            dsn=self._toy.database.dsn,
            read_clock=self._toy.clock,
        )
        await operator.carry_out_approved()


class TestLostPosition:
    async def test_beyond_the_end_is_read_again_from_the_first_record(
        self, toy: Toy, broker: KafkaSettings
    ) -> None:
        lost = Lost(toy, broker, UUID(int=1))
        await lost.publish(1, 2, 3)
        async with relaying(toy, broker), lost.consuming():
            await lost.have([1, 2, 3])
        await lost.move(by=1000)

        async with relaying(toy, broker), lost.consuming():
            await lost.publish(4)
            await lost.have([1, 2, 3, 4])

        [operation] = await lost.operations()
        assert (operation.state, operation.requested_by) == ("done", "kernel")
        assert operation.preview["stored"] == 1003

    async def test_before_the_first_record_waits_for_a_persons_decision(
        self, toy: Toy, broker: KafkaSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(consumers, "LOOK_FOR_DECISION_S", 0.05)
        lost = Lost(toy, broker, UUID(int=2))
        await lost.publish(1, 2, 3, 4, 5)
        async with relaying(toy, broker), lost.consuming():
            await lost.have([1, 2, 3, 4, 5])
        await lost.delete_records(keep=1)
        await lost.move(by=-3)

        async with relaying(toy, broker), lost.consuming():

            async def asked() -> bool:
                return len(await lost.operations()) == 1

            await until(asked, what="somebody is asked")
            await lost.publish(6)
            [operation] = await lost.operations()
            assert operation.state == "requested"
            assert operation.preview == {"stored": 2, "first": 4, "next": 5}
            assert await lost.effects() == [1, 2, 3, 4, 5]

            await lost.approve(operation)
            await lost.have([1, 2, 3, 4, 5, 6])

        [operation] = await lost.operations()
        assert (operation.state, operation.decided_by) == ("done", "op/two")
