"""A read model rebuilt from its topics beside a live consumer, and put in its place at once."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from deploy.local.stack import Stack
from shared.db.database import Transaction
from shared.events.envelope import Event, Received
from shared.events.notify import GrantRevoked
from shared.ids import new_id
from shared.messaging import requests
from shared.messaging.apply import Applier
from shared.messaging.consumer import Consumer
from shared.messaging.kafka import KafkaSettings
from shared.messaging.relay import Relay
from shared.messaging.topics import ensure_topics
from shared.operations import asking
from shared.operations.operator import Operator
from shared.operations.rebuild import ReadModel, Report, rebuild
from tests.integration.test_backbone import running
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.toy import Toy, toy_on
from tests.support.waiting import until

pytestmark = pytest.mark.integration

GRANTS: list[UUID] = []
"""Those of the test that runs: the topic is shared by the whole run."""
NOTED = """
    CREATE TABLE noted (
        subject text NOT NULL, sequence bigint NOT NULL, noted_at timestamptz NOT NULL,
        PRIMARY KEY (subject, sequence)
    )
"""


async def note(work: Transaction, received: Received[Event]) -> None:
    """Note an event; a second effect of it breaks the table's key."""
    await work.execute(
        "INSERT INTO noted VALUES ($1, $2, $3)", received.subject, received.sequence, work.now
    )


MODEL = ReadModel("noted", ("noted",), {GrantRevoked: note}, frozenset({"noted_at"}))


@pytest.fixture(scope="module")
async def broker(stack: Stack) -> KafkaSettings:
    """The broker, with the catalogue's topics."""
    await ensure_topics(stack.bootstrap_servers)
    return KafkaSettings(stack.bootstrap_servers, "test")


@pytest.fixture
async def toy(
    databases: Databases, clock: ManualClock, broker: KafkaSettings
) -> AsyncIterator[Toy]:
    """A publisher and a live consumer of all that is on the topic."""
    GRANTS[:] = [new_id() for _ in range(8)]
    async with toy_on(databases, clock) as made:
        await made.as_owner(NOTED)
        applier = Applier(made.database, "toy", MODEL.subscriptions)
        consumer = Consumer(made.database, applier, broker, [GrantRevoked.topic()])
        relay = Relay(made.database.dsn, broker, wake=made.database.published, read_clock=clock)
        async with running(relay.run()), running(consumer.run()):
            yield made


async def publish(toy: Toy, *sequences: int) -> None:
    """Commit one event per grant and sequence."""
    for sequence in sequences:
        async with toy.database.transaction() as work:
            for grant in GRANTS:
                event = GrantRevoked(subscription_id=grant, reason="over")
                work.publish(event, sequence=sequence)


async def noted(toy: Toy, subject: object) -> list[int]:
    """Return the sequences noted for a grant."""
    async with toy.database.read() as work:
        rows = await work.fetch(
            "SELECT sequence FROM noted WHERE subject = $1 ORDER BY sequence", str(subject)
        )
    return [row["sequence"] for row in rows]


async def arrived(toy: Toy, each: int) -> None:
    """Wait until each grant's events up to a sequence have taken effect, once."""
    whole = [list(range(1, each + 1)) for _ in GRANTS]

    async def seen() -> bool:
        return [await noted(toy, grant) for grant in GRANTS] == whole

    await until(seen, what=f"{each} events of each grant")
    assert not set(map(str, GRANTS)) & set(await toy.parked())


async def replay(toy: Toy, broker: KafkaSettings, *, exchange: bool) -> Report:
    """Replay the toy's read model."""
    return await rebuild(
        toy.database.dsn,
        broker,
        consumer="toy",
        model=MODEL,
        exchange=exchange,
        read_clock=toy.clock,
        say=lambda progress: None,
    )


class TestRebuild:
    async def test_finds_and_mends_what_differs_while_events_come(
        self, toy: Toy, broker: KafkaSettings
    ) -> None:
        await publish(toy, 1, 2, 3)
        await arrived(toy, 3)
        whole = await replay(toy, broker, exchange=False)
        async with toy.database.transaction() as work:
            await work.execute(
                "DELETE FROM noted WHERE subject = $1 AND sequence = 2", str(GRANTS[0])
            )
            await work.execute("INSERT INTO noted VALUES ('invented', 1, $1)", work.now)
        torn = await replay(toy, broker, exchange=False)
        assert await noted(toy, "invented") == [1]

        async with asyncio.TaskGroup() as both:
            both.create_task(publish(toy, *range(4, 24)))
            mended = both.create_task(replay(toy, broker, exchange=True))
        await arrived(toy, 23)
        after = await replay(toy, broker, exchange=False)

        assert whole.equal
        assert (whole.differences[0].missing, whole.differences[0].surplus) == (0, 0)
        assert (torn.differences[0].missing, torn.differences[0].surplus) == (1, 1)
        assert mended.result().figures()["missing"] == 1
        assert after.equal
        assert await noted(toy, "invented") == []

    async def test_changes_nothing_of_what_the_live_consumer_remembers(
        self, toy: Toy, broker: KafkaSettings
    ) -> None:
        await publish(toy, 1)
        await arrived(toy, 1)
        before = await remembered(toy)

        await replay(toy, broker, exchange=True)

        assert await remembered(toy) == before

    async def test_is_carried_out_once_a_second_person_approved(
        self, toy: Toy, broker: KafkaSettings
    ) -> None:
        await publish(toy, 1)
        await arrived(toy, 1)
        async with toy.database.transaction() as work:
            await work.execute("DELETE FROM noted")
        operator = Operator(
            service="registry",
            database=toy.database,
            applier=Applier(toy.database, "toy", MODEL.subscriptions),
            kafka=broker,
            dsn=toy.database.dsn,
            read_clock=toy.clock,
            read_models=(MODEL,),
        )
        async with toy.database.transaction() as work:
            asked = await asking.ask_rebuild(work, operator, "noted", reason="torn", by="op/one")
        await operator.carry_out_approved()
        assert await noted(toy, GRANTS[0]) == []
        async with toy.database.transaction() as work:
            await requests.decide(work, asked.id, approve=True, by="op/two")

        await operator.carry_out_approved()

        await arrived(toy, 1)
        async with toy.database.read() as work:
            done = await requests.get(work, asked.id)
        assert done.state == "done"
        assert done.result is not None
        assert int(str(done.result["rows"])) >= len(GRANTS)


async def remembered(toy: Toy) -> list[str]:
    """Return what consumer and outbox hold, as text."""
    async with toy.database.read() as work:
        rows = await work.fetch(
            "SELECT consumer_watermark::text AS line FROM consumer_watermark "
            "WHERE subject = ANY($1::text[]) "
            "UNION ALL SELECT outbox::text FROM outbox ORDER BY line",
            list(map(str, GRANTS)),
        )
    return [row["line"] for row in rows]
