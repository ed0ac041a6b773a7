"""What fails beside a handler: the record is parked, the others of its batch take effect."""

from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from shared.db.database import Transaction
from shared.events.envelope import Event, Received
from shared.events.registry import EnterpriseRegistered
from shared.messaging import apply, parking
from shared.messaging.apply import Applier, Outcome, PositionAhead
from shared.messaging.inbox import Watermarks
from shared.messaging.kafka import ConsumerRecord
from shared.messaging.records import NotYet, record_of
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.toy import FIRM, OTHER_FIRM, Toy, note, toy_on

pytestmark = pytest.mark.component

UNBALANCED = f"""
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.subject = '{FIRM}' THEN
            RAISE EXCEPTION 'the posting does not balance';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER balances AFTER INSERT ON effect
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()
"""


@pytest.fixture
async def toy(databases: Databases, clock: ManualClock) -> AsyncIterator[Toy]:
    """A consumer that notes what reached it."""
    async with toy_on(databases, clock) as made:
        yield made


def raw(*, key: bytes | None, headers: list[tuple[str, bytes | None]]) -> object:
    """Return what the client hands over."""
    return ConsumerRecord("t", 0, 7, 0, 0, key, b"{}", None, 0, 2, tuple(headers))


class TestRecord:
    def test_has_no_nul_that_the_database_could_not_keep(self) -> None:
        record = record_of(raw(key=b"a\x00b", headers=[("x\x00y", b"1")]))

        assert record.key == "a\ufffdb"
        assert list(record.headers) == ["x\ufffdy"]

    def test_has_no_null_header(self) -> None:
        record = record_of(raw(key=None, headers=[("ce_type", None)]))

        assert record.headers == {"ce_type": b""}


class TestFailureBesideTheHandler:
    async def test_an_event_too_large_to_send_parks_its_cause_only(self, toy: Toy) -> None:
        async def shout(work: Transaction, received: Received[EnterpriseRegistered]) -> None:
            await note(work, received)
            if received.subject == FIRM:
                large = received.data.model_copy(update={"name": "x" * 200_000})
                work.publish(large, sequence=1)

        applier = Applier(toy.database, "toy", {EnterpriseRegistered: shout})

        counts = await applier.apply([toy.record(1), toy.record(1, uscc=OTHER_FIRM)])

        assert counts == {Outcome.PARKED: 1, Outcome.APPLIED: 1}
        assert await toy.parked() == {FIRM: ("InvariantBroken", 1)}
        assert await toy.effects(OTHER_FIRM) == [1]
        assert await toy.effects(FIRM) == []

    async def test_a_broken_deferred_constraint_parks_its_cause_only(self, toy: Toy) -> None:
        await toy.as_owner(UNBALANCED)

        counts = await toy.applier.apply([toy.record(1), toy.record(1, uscc=OTHER_FIRM)])

        assert counts == {Outcome.PARKED: 1, Outcome.APPLIED: 1}
        assert await toy.parked() == {FIRM: ("RaiseError", 1)}
        assert await toy.effects(OTHER_FIRM) == [1]

    async def test_that_only_a_whole_transaction_shows_is_found_by_halving(
        self, toy: Toy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        save = Watermarks.save

        async def fail_for_the_firm(marks: Watermarks, work: Transaction) -> None:
            if ("registry.enterprise", FIRM) in marks._changed:
                raise asyncpg.CheckViolationError("nobody foresaw this")
            await save(marks, work)

        monkeypatch.setattr(Watermarks, "save", fail_for_the_firm)
        batch = [toy.record(1, uscc=OTHER_FIRM), toy.record(1), toy.record(2, uscc=OTHER_FIRM)]

        counts = await toy.applier.apply(batch)

        assert counts == {Outcome.APPLIED: 2, Outcome.PARKED: 1}
        assert await toy.parked() == {FIRM: ("CheckViolationError", 1)}
        assert await toy.next_offset() == 3

    @pytest.mark.parametrize(
        "defect", [asyncpg.InterfaceError("wrong argument count"), FileNotFoundError("x")]
    )
    async def test_a_defect_that_looks_like_a_lost_connection_is_parked(
        self, toy: Toy, defect: Exception
    ) -> None:
        async def fail(_work: Transaction, _received: Received[Event]) -> None:
            raise defect

        applier = Applier(toy.database, "toy", {EnterpriseRegistered: fail})

        assert await applier.apply([toy.record(1)]) == {Outcome.PARKED: 1}


class TestPosition:
    async def test_above_the_stored_offset_is_refused(self, toy: Toy) -> None:
        await toy.applier.apply([toy.record(1)])
        ahead = replace(toy.record(2), offset=5)

        with pytest.raises(PositionAhead):
            await toy.applier.apply([ahead], position=5)

        assert await toy.next_offset() == 1

    async def test_at_the_stored_offset_may_have_a_hole_behind_it(self, toy: Toy) -> None:
        await toy.applier.apply([toy.record(1)], position=0)
        compacted = replace(toy.record(2), offset=5)

        await toy.applier.apply([compacted], position=1)

        assert await toy.effects() == [1, 2]


class TestLongQueue:
    async def test_is_drained_in_several_transactions(
        self, toy: Toy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(apply, "DRAIN_RECORDS", 3)
        await toy.applier.apply([toy.record(number) for number in range(2, 13)])

        await toy.applier.apply([toy.record(1)])

        assert await toy.effects() == list(range(1, 13))
        assert await toy.parked() == {}

    async def test_is_gone_on_with_after_a_crash_between_two_of_them(
        self, toy: Toy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(apply, "DRAIN_RECORDS", 3)
        await toy.applier.apply([toy.record(number) for number in range(2, 9)])

        async def crash(_topic: str, _key: str) -> None:
            raise ConnectionError("killed")

        with monkeypatch.context() as patched:
            patched.setattr(toy.applier, "redrive", crash)
            with pytest.raises(ConnectionError):
                await toy.applier.apply([toy.record(1)])
        assert (await toy.parked())[FIRM] == (parking.DRAINING, 4)
        await toy.applier.apply([toy.record(9)])
        await toy.applier.redrive_some(limit=10)

        assert await toy.effects() == list(range(1, 10))
        assert await toy.parked() == {}

    async def test_is_looked_at_once_per_batch(
        self, toy: Toy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await toy.applier.apply([toy.record(2)])
        asked = []
        queue_of = parking.queue_of

        async def counted(work: Transaction, *place: str, limit: int) -> object:
            asked.append(limit)
            return await queue_of(work, *place, limit=limit)

        monkeypatch.setattr(parking, "queue_of", counted)
        await toy.applier.apply([toy.record(number) for number in range(3, 100)])

        assert asked == [1]


class TestRedriveInTurn:
    async def test_takes_up_what_waited_for_data_and_has_it_now(self, toy: Toy) -> None:
        ready = False

        async def wait(work: Transaction, received: Received[Event]) -> None:
            if not ready:
                raise NotYet("its enterprise is not here yet")
            await note(work, received)

        applier = Applier(toy.database, "toy", {EnterpriseRegistered: wait})
        await applier.apply([toy.record(1), toy.record(1, uscc=OTHER_FIRM)], patient=False)
        await applier.redrive_some(limit=1)
        before = await toy.parked()
        ready = True
        for _ in range(3):
            await applier.redrive_some(limit=1)

        assert before == {FIRM: ("not-yet", 1), OTHER_FIRM: ("not-yet", 1)}
        assert await toy.parked() == {}
        assert await toy.effects(OTHER_FIRM) == [1]

    async def test_leaves_what_somebody_has_to_decide_on(self, toy: Toy) -> None:
        await toy.applier.apply([toy.record(1, name="poison")])

        await toy.applier.redrive_some(limit=10)

        assert await toy.parked() == {FIRM: ("poisoned", 1)}
