"""A short run of the chaos, and that its reading of the wire sees what is wrong there."""

from pathlib import Path

import pytest

from shared.events.envelope import Cause, headers_of
from shared.events.registry import EnterpriseRegistered
from shared.ids import new_id
from shared.messaging.records import Record
from tests.chaos.firms import uscc_of
from tests.chaos.rounds import Run, Settings
from tests.chaos.schedule import Plan, draw
from tests.chaos.wire import Wire
from tests.support.clocks import START

SEED = 20
SHORT = Plan(
    length_s=8,
    gap_s=1,
    longest_s=3,
    kinds=(
        "kill service",
        "freeze service",
        "clock jump",
        "kill broker",
        "kill one backend",
        "freeze database",
        "lose Produce answers",
        "lose OffsetCommit answers",
        "half-open broker",
        "lose COMMIT answers",
        "repeat and reorder records",
    ),
)


def record(number: int, *, name: str = "firm") -> Record:
    """Make the record of one version of one firm."""
    event = EnterpriseRegistered(uscc=uscc_of(1), name=name, region="320706", chain="new_energy")
    headers = headers_of(
        event,
        event_id=new_id(),
        sequence=number,
        recorded_at=START,
        cause=Cause(correlation=new_id()),
        traceparent=None,
    )
    return Record(
        topic=event.topic(),
        partition=0,
        offset=number,
        key=event.key,
        headers=dict(headers),
        value=event.model_dump_json().encode(),
    )


@pytest.mark.integration
async def test_a_short_run_finds_no_violation(tmp_path: Path) -> None:
    settings = Settings(
        seed=SEED, minutes=0.1, rounds_max=1, plan=SHORT, services=("registry", "notify")
    )

    result = await Run(settings, tmp_path).play()

    assert result.violations == []
    assert result.faults.total() >= 5
    assert result.operations["ok"] > 50
    assert {"I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I16"} <= result.held.keys()


class TestSchedule:
    def test_is_the_same_for_the_same_seed(self) -> None:
        first = draw("7/1", SHORT, ("registry", "notify"), ("notify",))

        assert draw("7/1", SHORT, ("registry", "notify"), ("notify",)) == first
        assert draw("7/2", SHORT, ("registry", "notify"), ("notify",)) != first


class TestWire:
    def test_takes_an_event_and_its_copies_for_one(self) -> None:
        wire = Wire()
        first, second = record(1), record(2)
        for each in (first, second, first, second):
            wire.take(each)

        assert (wire.distinct, wire.counts["repeated"], wire.violations) == (2, 2, [])

    def test_sees_an_event_that_comes_before_its_turn(self) -> None:
        wire = Wire()
        for each in (record(1), record(3)):
            wire.take(each)

        assert [found[:2] for found in wire.violations] == ["I5"]

    def test_sees_two_events_in_one_place(self) -> None:
        wire = Wire()
        for each in (record(1), record(1)):
            wire.take(each)

        assert [found[:2] for found in wire.violations] == ["I4"]
