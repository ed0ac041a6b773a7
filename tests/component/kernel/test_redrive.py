"""Redrive of what is parked: rehearsed, asked for, approved by another, told of, bounded."""

from collections.abc import AsyncIterator

import pytest

from shared.events import wire
from shared.events.registry import EnterpriseRegistered, OperationExecuted
from shared.messaging import requests
from shared.messaging.apply import Applier, Outcome
from shared.messaging.kafka import KafkaSettings
from shared.messaging.parking import ParkingFull
from shared.messaging.records import Record, read
from shared.messaging.requests import (
    Operation,
    OperationDecided,
    OperationFourEyes,
    OperationOpen,
    OperationUnknown,
)
from shared.operations import asking, redrive
from shared.operations.operator import Operator
from shared.operations.redrive import NothingParked, Selection
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.toy import (
    FIRM,
    OTHER_FIRM,
    POISON_NAME,
    Toy,
    note,
    toy_on,
    write_effect,
)

pytestmark = pytest.mark.component

TOPIC = EnterpriseRegistered.topic()
THE_FIRM = Selection(topic=TOPIC, key=FIRM)


@pytest.fixture
async def toy(databases: Databases, clock: ManualClock) -> AsyncIterator[Toy]:
    """A toy consumer on a database of its own."""
    async with toy_on(databases, clock) as made:
        yield made


class Post:
    """An operator's place at the toy: what asks, decides and carries out."""

    def __init__(self, toy: Toy, clock: ManualClock) -> None:
        """The handler that refused is mended in this release."""
        self.operator = Operator(
            service="registry",
            database=toy.database,
            applier=Applier(toy.database, "toy", {EnterpriseRegistered: write_effect}),
            kafka=KafkaSettings("no-broker:9092", "test"),
            dsn=toy.database.dsn,
            read_clock=clock,
        )

    async def ask(self, selection: Selection, *, by: str = "op/one") -> Operation:
        async with self.operator.database.transaction() as work:
            return await asking.ask_redrive(work, self.operator, selection, reason="mended", by=by)

    async def decide(self, asked: Operation, *, by: str, approve: bool = True) -> Operation:
        async with self.operator.database.transaction() as work:
            return await requests.decide(work, asked.id, approve=approve, by=by)

    async def now(self, asked: Operation) -> Operation:
        async with self.operator.database.read() as work:
            return await requests.get(work, asked.id)


@pytest.fixture
def post(toy: Toy, clock: ManualClock) -> Post:
    """Somebody to operate the toy."""
    return Post(toy, clock)


async def park(toy: Toy, uscc: str = FIRM, *, behind: int = 2) -> None:
    """Park a firm by a poisoned event, with some events behind it."""
    poisoned = toy.record(1, uscc=uscc, name=POISON_NAME)
    queued = [toy.record(sequence, uscc=uscc) for sequence in range(2, 2 + behind)]
    await toy.applier.apply([poisoned, *queued])


async def told(toy: Toy) -> list[OperationExecuted]:
    """Return the events about operations in the outbox."""
    async with toy.database.read() as work:
        rows = await work.fetch("SELECT topic, key, headers, payload FROM outbox ORDER BY position")
    events = []
    for row in rows:
        headers = dict(wire.decoded(row["headers"]))
        received = read(Record(row["topic"], 0, 0, row["key"], headers, row["payload"]))
        assert isinstance(received.data, OperationExecuted)
        events.append(received.data)
    return events


class TestRehearsal:
    async def test_tells_what_would_happen_and_leaves_nothing_of_it(
        self, toy: Toy, post: Post
    ) -> None:
        await park(toy)

        found = await redrive.preview(toy.database, post.operator.applier, THE_FIRM)

        assert (found["keys"], found["events"]) == (1, 3)
        assert found["tried"] == [
            {"topic": TOPIC, "key": FIRM, "outcomes": {"applied": 3}, "held_for": None}
        ]
        assert await toy.effects() == []
        assert await toy.parked() == {FIRM: ("poisoned", 3)}

    async def test_tells_for_what_a_key_would_be_held_again(self, toy: Toy) -> None:
        await park(toy)

        found = await redrive.preview(toy.database, toy.applier, THE_FIRM)

        assert found["tried"] == [
            {"topic": TOPIC, "key": FIRM, "outcomes": {"parked": 1}, "held_for": "poisoned"}
        ]

    async def test_of_nothing_is_refused(self, toy: Toy) -> None:
        with pytest.raises(NothingParked):
            await redrive.preview(toy.database, toy.applier, THE_FIRM)


class TestApproval:
    async def test_by_another_person_replays_the_key_in_order_and_tells_of_it(
        self, toy: Toy, post: Post
    ) -> None:
        await park(toy)
        asked = await post.ask(THE_FIRM)

        await post.decide(asked, by="op/two")
        await post.operator.carry_out_approved()

        assert await toy.effects() == [1, 2, 3]
        assert await toy.parked() == {}
        done = await post.now(asked)
        assert (done.state, done.result) == ("done", {"keys": 1, "applied": 3})
        [event] = await told(toy)
        assert (event.requested_by, event.decided_by) == ("op/one", "op/two")
        assert {each.name: each.count for each in event.figures} == {"keys": 1, "applied": 3}
        assert {each.name: each.value for each in event.target} == {"topic": TOPIC, "key": FIRM}

    async def test_is_not_for_who_asked(self, toy: Toy, post: Post) -> None:
        await park(toy)
        asked = await post.ask(THE_FIRM)

        with pytest.raises(OperationFourEyes):
            await post.decide(asked, by="op/one")
        await post.operator.carry_out_approved()

        assert (await post.now(asked)).state == "requested"
        assert await toy.effects() == []

    async def test_is_given_once(self, toy: Toy, post: Post) -> None:
        await park(toy)
        asked = await post.ask(THE_FIRM)
        await post.decide(asked, by="op/two", approve=False)

        with pytest.raises(OperationDecided):
            await post.decide(asked, by="op/two")
        await post.operator.carry_out_approved()

        assert await toy.effects() == []
        assert await told(toy) == []

    async def test_of_the_same_wish_is_asked_for_once_at_a_time(self, toy: Toy, post: Post) -> None:
        await park(toy)
        first = await post.ask(THE_FIRM)
        with pytest.raises(OperationOpen):
            await post.ask(THE_FIRM)
        await post.decide(first, by="op/two", approve=False)

        second = await post.ask(THE_FIRM)

        assert second.state == "requested"

    async def test_of_nothing_known_is_refused(self, post: Post, toy: Toy) -> None:
        await park(toy)
        asked = await post.ask(THE_FIRM)
        async with toy.database.transaction() as work:
            await work.execute("DELETE FROM operation")

        with pytest.raises(OperationUnknown):
            await post.decide(asked, by="op/two")

    async def test_carried_out_twice_is_told_of_once(self, toy: Toy, post: Post) -> None:
        await park(toy)
        approved = await post.decide(await post.ask(THE_FIRM), by="op/two")

        await post.operator.carry_out(approved)
        await post.operator.carry_out(approved)

        assert await toy.effects() == [1, 2, 3]
        assert len(await told(toy)) == 1


class TestGroup:
    async def test_of_one_fingerprint_is_replayed_and_others_stay(
        self, toy: Toy, post: Post
    ) -> None:
        await park(toy, FIRM)
        await park(toy, OTHER_FIRM)
        gap = "91320700MA1000015K"
        await toy.applier.apply([toy.record(2, uscc=gap)])
        async with toy.database.read() as work:
            fingerprint = await work.fetchval(
                "SELECT fingerprint FROM parked_key WHERE key = $1", FIRM
            )
        asked = await post.ask(Selection(fingerprint=fingerprint))

        await post.operator.carry_out(await post.decide(asked, by="op/two"))

        assert await toy.effects(FIRM) == [1, 2, 3]
        assert await toy.effects(OTHER_FIRM) == [1, 2, 3]
        assert await toy.parked() == {gap: ("sequence-gap", 1)}


class TestLimit:
    async def test_stops_the_consumer_instead_of_parking_everything(self, toy: Toy) -> None:
        careful = Applier(toy.database, "toy", {EnterpriseRegistered: note}, parked_keys_limit=1)
        await careful.apply([toy.record(1, name=POISON_NAME)])
        batch = [
            toy.record(1, uscc="91320700MA1000015K"),
            toy.record(1, uscc=OTHER_FIRM, name=POISON_NAME),
        ]

        with pytest.raises(ParkingFull):
            await careful.apply(batch)
        with pytest.raises(ParkingFull):
            await careful.apply(batch[1:])

        assert await toy.next_offset() == 1
        assert await toy.parked() == {FIRM: ("poisoned", 1)}

    async def test_lets_events_behind_a_parked_key_and_others_through(self, toy: Toy) -> None:
        careful = Applier(toy.database, "toy", {EnterpriseRegistered: note}, parked_keys_limit=1)
        await careful.apply([toy.record(1, name=POISON_NAME)])

        counts = await careful.apply([toy.record(2), toy.record(1, uscc=OTHER_FIRM)])

        assert counts == {Outcome.QUEUED: 1, Outcome.APPLIED: 1}

    async def test_is_free_again_once_a_key_was_redriven(self, toy: Toy, post: Post) -> None:
        careful = Applier(toy.database, "toy", {EnterpriseRegistered: note}, parked_keys_limit=1)
        await careful.apply([toy.record(1, name=POISON_NAME)])
        waits = toy.record(1, uscc=OTHER_FIRM, name=POISON_NAME)
        with pytest.raises(ParkingFull):
            await careful.apply([waits])

        await post.operator.applier.redrive(TOPIC, FIRM)
        await careful.apply([waits])

        assert await toy.parked() == {OTHER_FIRM: ("poisoned", 1)}
