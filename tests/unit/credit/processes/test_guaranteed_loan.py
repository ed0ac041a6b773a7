"""The process of a guaranteed loan: every step with every signal, late and repeated ones too."""

from datetime import UTC, date, datetime, timedelta
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credit.processes.guaranteed_loan import (
    ANSWER_WITHIN,
    TIMEOUT_CODE,
    Asked,
    CloseLoan,
    Command,
    CompensateLoan,
    DeadlineReached,
    Declined,
    Ended,
    EnrolLoan,
    GuaranteedLoan,
    Letter,
    LetterArrived,
    RefuseLoan,
    Released,
    Repaid,
    ScheduleDeadline,
    Settled,
    Signal,
    Step,
    Withdrawn,
    begin,
    react,
)

LOAN, GUARANTEE, CLAIM = UUID(int=1), UUID(int=2), UUID(int=3)
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
DUE = NOW + ANSWER_WITHIN
A_SECOND = timedelta(seconds=1)
HERE, BEFORE, ELSEWHERE = "nfgf-scitech", "suzhou-xinbaodai", "sip-yuankedai"


def a_letter(programme: str = HERE) -> Letter:
    """A guarantor's letter under a programme."""
    return Letter(
        guarantee_id=GUARANTEE,
        programme=programme,
        guarantor="guarantor-ges",
        issued_on=date(2026, 3, 2),
    )


SIGNALS: dict[str, Signal] = {
    "asked": Asked(LOAN, ELSEWHERE, NOW),
    "letter": LetterArrived(LOAN, a_letter(), loan_is_drawn=False),
    "letter of an earlier request": LetterArrived(LOAN, a_letter(BEFORE), loan_is_drawn=False),
    "letter nobody asked for": LetterArrived(LOAN, a_letter(ELSEWHERE), loan_is_drawn=False),
    "letter that finds the loan drawn": LetterArrived(LOAN, a_letter(), loan_is_drawn=True),
    "declined": Declined(LOAN, HERE, ("amount",)),
    "declined by an earlier programme": Declined(LOAN, BEFORE, ("amount",)),
    "deadline": DeadlineReached(LOAN, DUE),
    "deadline of an earlier request": DeadlineReached(LOAN, DUE - A_SECOND),
    "withdrawn": Withdrawn(LOAN),
    "repaid": Repaid(LOAN),
    "released": Released(LOAN, GUARANTEE),
    "another guarantee released": Released(LOAN, UUID(int=9)),
    "settled": Settled(LOAN, CLAIM, 333_333_333),
    "ended": Ended(LOAN, date(2026, 9, 1)),
}
STEPS: tuple[Step, ...] = get_args(Step)
ASK_AGAIN: tuple[Step, list[Command]] = ("asked", [ScheduleDeadline(LOAN, DUE)])
ENROLLED: tuple[Step, list[Command]] = ("enrolled", [EnrolLoan(LOAN, a_letter())])
ENROLLED_BEFORE: tuple[Step, list[Command]] = ("enrolled", [EnrolLoan(LOAN, a_letter(BEFORE))])
MOVES: dict[tuple[Step, str], tuple[Step, list[Command]]] = {
    ("asked", "asked"): ASK_AGAIN,
    ("asked", "letter"): ENROLLED,
    ("asked", "letter of an earlier request"): ENROLLED_BEFORE,
    ("asked", "declined"): ("refused", [RefuseLoan(LOAN, ("amount",))]),
    ("asked", "deadline"): ("refused", [RefuseLoan(LOAN, (TIMEOUT_CODE,))]),
    ("asked", "withdrawn"): ("withdrawn", []),
    ("enrolled", "withdrawn"): ("withdrawn", []),
    ("refused", "withdrawn"): ("withdrawn", []),
    ("enrolled", "repaid"): ("repaid", []),
    ("enrolled", "released"): ("released", []),
    ("enrolled", "settled"): ("compensated", [CompensateLoan(LOAN, CLAIM, 333_333_333)]),
    ("refused", "asked"): ASK_AGAIN,
    ("refused", "letter"): ENROLLED,
    ("refused", "letter of an earlier request"): ENROLLED_BEFORE,
    ("compensated", "ended"): ("closed", [CloseLoan(LOAN, date(2026, 9, 1))]),
}
"""What moves the process; any other pair of step and signal changes nothing."""
ENDED = {"refused", "withdrawn", "repaid", "released", "closed"}


def at(step: Step) -> GuaranteedLoan:
    """The process at a step, asked of ``HERE`` after ``BEFORE``."""
    return GuaranteedLoan(
        loan_id=LOAN,
        programme=HERE,
        earlier=(BEFORE,),
        guarantee_id=None if step in {"asked", "refused"} else GUARANTEE,
        step=step,
        ended=step in ENDED,
        deadline=DUE if step == "asked" else None,
    )


class TestReact:
    @pytest.mark.parametrize("signal", SIGNALS)
    @pytest.mark.parametrize("step", STEPS)
    def test_moves_by_the_table_or_stays(self, step: Step, signal: str) -> None:
        state = at(step)

        after, commands = react(state, SIGNALS[signal])

        if (step, signal) not in MOVES:
            assert (after, list(commands)) == (state, [])
            return
        assert (after.step, list(commands)) == MOVES[step, signal]
        assert after.ended is (after.step in ENDED)
        assert (after.deadline is not None) is (after.step == "asked")

    @pytest.mark.parametrize("signal", sorted({name for _, name in MOVES} - {"asked"}))
    @pytest.mark.parametrize("step", STEPS)
    def test_takes_a_repeat_as_nothing(self, step: Step, signal: str) -> None:
        once, _ = react(at(step), SIGNALS[signal])

        twice, commands = react(once, SIGNALS[signal])

        assert (twice, list(commands)) == (once, [])

    def test_remembers_every_programme_that_was_asked_once(self) -> None:
        state = begin(SIGNALS["asked"])
        for programme in (HERE, ELSEWHERE, HERE, BEFORE):
            state, _ = react(state, Asked(LOAN, programme, NOW))

        assert (state.programme, state.earlier) == (BEFORE, (HERE, ELSEWHERE))

    def test_ignores_the_decline_of_a_later_request_once_a_letter_enrolled_the_loan(self) -> None:
        covered = Declined(LOAN, HERE, ("loan-already-covered",))
        late = SIGNALS["letter of an earlier request"]

        letter_first, _ = react(at("asked"), late)
        after, commands = react(letter_first, covered)
        decline_first, _ = react(at("asked"), covered)
        overtaken, enrolling = react(decline_first, late)

        assert (after, list(commands)) == (letter_first, [])
        assert (overtaken.step, list(enrolling)) == ENROLLED_BEFORE
        assert overtaken == letter_first
        assert not overtaken.ended

    @pytest.mark.parametrize("signal", sorted(set(SIGNALS) - {"asked", "withdrawn"}))
    def test_does_nothing_on_what_comes_before_the_request(self, signal: str) -> None:
        state = begin(SIGNALS[signal])

        after, commands = react(state, SIGNALS[signal])

        assert (after, list(commands)) == (state, [])

    @given(names=st.lists(st.sampled_from(sorted(SIGNALS)), max_size=12))
    def test_enrols_compensates_and_closes_once_at_most(self, names: list[str]) -> None:
        state, done = at("asked"), []
        for name in names:
            state, commands = react(state, SIGNALS[name])
            done += [type(command) for command in commands]

        for once in (EnrolLoan, CompensateLoan, CloseLoan):
            assert done.count(once) <= 1
        order = [kind for kind in done if kind in {EnrolLoan, CompensateLoan, CloseLoan}]
        assert order == [EnrolLoan, CompensateLoan, CloseLoan][: len(order)]
