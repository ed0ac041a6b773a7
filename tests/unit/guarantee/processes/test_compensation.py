"""The compensation process: every signal in every stage, late and repeated ones included."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.guarantee.processes.compensation import (
    DECIDE_WITHIN,
    VERIFY_WITHIN,
    Approved,
    Compensation,
    DeadlineReached,
    Filed,
    Rejected,
    ScheduleDeadline,
    Settled,
    Signal,
    Verified,
    begin,
    react,
)

ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DUE_ON = date(2026, 3, 12)
PAST_DUE = datetime(2026, 3, 12, 16, 0, tzinfo=UTC)
"""2026-03-13 00:00 in Shanghai: the due date is over."""

TO_STAGE: dict[str, list[Signal]] = {
    "filed": [Filed(ID, AT)],
    "verified": [Filed(ID, AT), Verified(ID, AT)],
    "approved": [Filed(ID, AT), Verified(ID, AT), Approved(ID, DUE_ON)],
    "settled": [Filed(ID, AT), Verified(ID, AT), Approved(ID, DUE_ON), Settled(ID)],
    "rejected": [Filed(ID, AT), Rejected(ID)],
}


def at(stage: str) -> Compensation:
    """Return the process in a stage, reached in time."""
    state = begin(TO_STAGE[stage][0])
    for signal in TO_STAGE[stage]:
        state, _ = react(state, signal)
    assert state.stage == stage
    return state


class TestReact:
    def test_sets_a_timer_for_each_stage_that_waits(self) -> None:
        filed, first = react(begin(Filed(ID, AT)), Filed(ID, AT))
        verified, second = react(filed, Verified(ID, AT))
        approved, third = react(verified, Approved(ID, DUE_ON))

        assert first == [ScheduleDeadline(ID, "filed", AT + VERIFY_WITHIN)]
        assert second == [ScheduleDeadline(ID, "verified", AT + DECIDE_WITHIN)]
        assert third == [ScheduleDeadline(ID, "approved", PAST_DUE)]
        assert approved.deadline == PAST_DUE

    @pytest.mark.parametrize("stage", ["settled", "rejected"])
    def test_ends_without_a_deadline(self, stage: str) -> None:
        state = at(stage)

        assert state.ended
        assert state.deadline is None

    @pytest.mark.parametrize("stage", ["filed", "verified", "approved"])
    def test_marks_a_stage_that_is_still_held_at_its_deadline(self, stage: str) -> None:
        state = at(stage)
        assert state.deadline is not None

        late, commands = react(state, DeadlineReached(ID, stage, state.deadline))
        again, _ = react(late, DeadlineReached(ID, stage, state.deadline))

        assert late.late == (stage,)
        assert late.deadline == state.deadline
        assert again == late
        assert commands == []

    def test_ignores_a_timer_that_comes_early(self) -> None:
        state = at("filed")
        early = DeadlineReached(ID, "filed", AT + VERIFY_WITHIN - timedelta(seconds=1))

        assert react(state, early) == (state, [])

    @pytest.mark.parametrize("stage", ["verified", "approved", "settled", "rejected"])
    def test_ignores_the_timer_of_a_stage_that_was_left_in_time(self, stage: str) -> None:
        state = at(stage)

        assert react(state, DeadlineReached(ID, "filed", AT + timedelta(days=99))) == (state, [])

    @pytest.mark.parametrize("stage", list(TO_STAGE))
    def test_takes_a_repeated_signal_for_nothing(self, stage: str) -> None:
        state = at(stage)

        for signal in TO_STAGE[stage]:
            assert react(state, signal) == (state, []), signal

    @pytest.mark.parametrize(
        ("stage", "signal"),
        [
            ("filed", Approved(ID, DUE_ON)),
            ("filed", Settled(ID)),
            ("verified", Settled(ID)),
            ("approved", Rejected(ID)),
            ("approved", Verified(ID, AT)),
            ("settled", Rejected(ID)),
            ("rejected", Verified(ID, AT)),
            ("rejected", Settled(ID)),
        ],
    )
    def test_takes_a_signal_out_of_order_for_nothing(self, stage: str, signal: Signal) -> None:
        state = at(stage)

        assert react(state, signal) == (state, [])

    def test_keeps_a_lateness_on_record_through_the_later_stages(self) -> None:
        state = at("filed")
        state, _ = react(state, DeadlineReached(ID, "filed", AT + VERIFY_WITHIN))
        state, _ = react(state, Verified(ID, AT + timedelta(days=11)))
        state, _ = react(state, Approved(ID, DUE_ON))
        state, _ = react(state, Settled(ID))

        assert state.late == ("filed",)
        assert state.ended
