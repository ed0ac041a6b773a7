"""The consumer's unit of work on a real database: exactly once in effect, in order per key."""

from collections.abc import AsyncIterator

import pytest

from shared.events.registry import EnterpriseRegistered
from shared.ids import new_id
from shared.messaging.apply import Applier, Outcome
from shared.messaging.records import NotYet
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.toy import FIRM, OTHER_FIRM, POISON_NAME, Toy, toy_on

pytestmark = pytest.mark.component


@pytest.fixture
async def toy(databases: Databases, clock: ManualClock) -> AsyncIterator[Toy]:
    """A consumer that notes what reached it."""
    async with toy_on(databases, clock) as made:
        yield made


class TestApply:
    async def test_applies_a_batch_in_order_and_moves_the_offset(self, toy: Toy) -> None:
        batch = [toy.record(sequence) for sequence in (1, 2, 3)]

        counts = await toy.applier.apply(batch)

        assert counts == {Outcome.APPLIED: 3}
        assert await toy.effects() == [1, 2, 3]
        assert await toy.next_offset() == 3

    async def test_gives_a_repeated_record_no_second_effect(self, toy: Toy) -> None:
        batch = [toy.record(1)]
        await toy.applier.apply(batch)

        again = await toy.applier.apply(batch)

        assert again == {Outcome.FENCED: 1}
        assert await toy.effects() == [1]

    async def test_gives_a_republished_event_no_second_effect(self, toy: Toy) -> None:
        await toy.applier.apply([toy.record(1), toy.record(2)])

        again = await toy.applier.apply([toy.record(1), toy.record(2), toy.record(3)])

        assert again == {Outcome.DUPLICATE: 2, Outcome.APPLIED: 1}
        assert await toy.effects() == [1, 2, 3]

    async def test_remembers_an_event_without_sequence_by_its_id(self, toy: Toy) -> None:
        event_id = new_id()
        first = toy.record(None, event_id=event_id)
        again = toy.record(None, event_id=event_id)

        counts = await toy.applier.apply([first, again])

        assert counts == {Outcome.APPLIED: 1, Outcome.DUPLICATE: 1}
        assert await toy.effects() == [None]

    async def test_puts_events_that_overtook_each_other_back_in_order(self, toy: Toy) -> None:
        wire = [toy.record(sequence) for sequence in (1, 4, 3, 2, 5)]

        await toy.applier.apply(wire)

        assert await toy.effects() == [1, 2, 3, 4, 5]
        assert await toy.parked() == {}

    async def test_holds_a_key_while_its_predecessor_is_missing(self, toy: Toy) -> None:
        await toy.applier.apply([toy.record(1), toy.record(3), toy.record(1, uscc=OTHER_FIRM)])

        assert await toy.effects() == [1]
        assert await toy.effects(OTHER_FIRM) == [1]
        assert await toy.parked() == {FIRM: ("sequence-gap", 1)}


class TestParking:
    async def test_parks_a_poisoned_event_with_its_key_and_lets_others_flow(self, toy: Toy) -> None:
        batch = [
            toy.record(1),
            toy.record(2, name=POISON_NAME),
            toy.record(3),
            toy.record(1, uscc=OTHER_FIRM),
        ]

        counts = await toy.applier.apply(batch)

        assert counts == {Outcome.APPLIED: 2, Outcome.PARKED: 1, Outcome.QUEUED: 1}
        assert await toy.effects() == [1]
        assert await toy.effects(OTHER_FIRM) == [1]
        assert await toy.parked() == {FIRM: ("poisoned", 2)}
        assert await toy.next_offset() == 4

    @pytest.mark.parametrize(
        ("header", "value", "reason"),
        [
            ("ce_type", b"registry.enterprise.renamed.v9", "unknown-event-type"),
            ("ce_type", b"credit.loan.closed.v1", "broken-envelope"),
            ("ce_type", b"", "broken-envelope"),
            ("ce_id", b"not an id", "broken-envelope"),
            ("ce_recordedtime", b"yesterday", "broken-envelope"),
            ("ce_subject", b"somebody-else", "broken-envelope"),
        ],
    )
    async def test_parks_what_it_cannot_read(
        self, toy: Toy, header: str, value: bytes, reason: str
    ) -> None:
        await toy.applier.apply([toy.record(1, changed={header: value}), toy.record(2)])

        assert await toy.parked() == {FIRM: (reason, 2)}
        assert await toy.effects() == []

    async def test_redrives_a_key_in_order_once_it_can_be_applied(self, toy: Toy) -> None:
        await toy.applier.apply([toy.record(1, name=POISON_NAME), toy.record(2)])
        topic = toy.record(9).topic
        async with toy.database.transaction() as work:
            # What the payload was refused for has been mended by a release; here: the payload.
            await work.execute(
                "UPDATE parked_event SET payload = convert_to(replace("
                "convert_from(payload, 'UTF8'), 'poison', 'cured'), 'UTF8')"
            )

        await toy.applier.redrive(topic, FIRM)
        await toy.applier.apply([toy.record(3)])

        assert await toy.effects() == [1, 2, 3]
        assert await toy.parked() == {}

    async def test_keeps_a_key_that_still_fails(self, toy: Toy) -> None:
        await toy.applier.apply([toy.record(1, name=POISON_NAME), toy.record(2)])

        await toy.applier.redrive(toy.record(9).topic, FIRM)

        assert await toy.effects() == []
        assert await toy.parked() == {FIRM: ("poisoned", 2)}


class TestWaitingForAnotherTopic:
    async def test_is_retried_first_and_parked_when_patience_is_over(
        self, databases: Databases, clock: ManualClock
    ) -> None:
        async with toy_on(databases, clock) as toy:

            async def waits(_work: object, _received: object) -> None:
                raise NotYet("the enterprise has not arrived")

            applier = Applier(toy.database, "toy", {EnterpriseRegistered: waits})
            batch = [toy.record(1)]

            with pytest.raises(NotYet):
                await applier.apply(batch)
            await applier.apply(batch, patient=False)

            assert await toy.parked() == {FIRM: ("not-yet", 1)}
