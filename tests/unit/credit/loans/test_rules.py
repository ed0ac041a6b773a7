"""The rules of the loans: every state and command, dates, principal, classes, months."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.credit.loans.rules import (
    Loan,
    LoanDateInvalid,
    LoanState,
    LoanStateConflict,
    close,
    compensate,
    contract,
    draw,
    enrol,
    refuse_enrolment,
    request_enrolment,
    withdraw,
)
from services.credit.reports.rules import classify, report_overdue, settle
from tests.support.lending import DRAWN_ON, TODAY, a_loan

A_DAY = timedelta(days=1)
S = LoanState
LETTER: Any = {
    "guarantee_id": UUID(int=7),
    "programme": "nfgf-scitech",
    "guarantor": "guarantor-ges",
    "enrolled_on": TODAY,
}
COMMANDS: dict[str, Callable[[Loan], Loan]] = {
    "request_enrolment": lambda loan: request_enrolment(
        loan, programme="sip-yuankedai", guarantor="guarantor-ges", today=TODAY
    )[0],
    "enrol": lambda loan: enrol(loan, **LETTER)[0],
    "refuse_enrolment": lambda loan: refuse_enrolment(loan, codes=("quota-exhausted",))[0],
    "draw": lambda loan: draw(loan, disbursed_on=TODAY, today=TODAY)[0],
    "report_overdue": lambda loan: report_overdue(
        loan,
        overdue_since=DRAWN_ON,
        principal_outstanding_fen=1,
        reported_on=TODAY,
        today=TODAY,
    )[0],
    "classify": lambda loan: classify(
        loan,
        classification="loss",
        principal_outstanding_fen=1,
        classified_on=TODAY,
        today=TODAY,
    )[0],
    "settle": lambda loan: settle(loan, settled_on=TODAY, today=TODAY)[0],
    "withdraw": lambda loan: withdraw(loan, withdrawn_on=TODAY, today=TODAY)[0],
    "compensate": lambda loan: compensate(loan, claim_id=UUID(int=8), compensated_fen=1)[0],
    "close": lambda loan: close(loan, closed_on=TODAY)[0],
}
MOVES: dict[tuple[LoanState, str], LoanState] = {
    (S.CONTRACTED, "request_enrolment"): S.ENROLMENT_REQUESTED,
    (S.ENROLMENT_REFUSED, "request_enrolment"): S.ENROLMENT_REQUESTED,
    (S.ENROLMENT_REQUESTED, "enrol"): S.ENROLLED,
    (S.ENROLMENT_REFUSED, "enrol"): S.ENROLLED,
    (S.ENROLMENT_REQUESTED, "refuse_enrolment"): S.ENROLMENT_REFUSED,
    (S.CONTRACTED, "draw"): S.DRAWN,
    (S.ENROLLED, "draw"): S.DRAWN,
    (S.ENROLMENT_REFUSED, "draw"): S.DRAWN,
    (S.DRAWN, "report_overdue"): S.OVERDUE,
    (S.OVERDUE, "report_overdue"): S.OVERDUE,
    (S.CLASSIFIED, "report_overdue"): S.CLASSIFIED,
    (S.DRAWN, "classify"): S.CLASSIFIED,
    (S.OVERDUE, "classify"): S.CLASSIFIED,
    (S.CLASSIFIED, "classify"): S.CLASSIFIED,
    (S.DRAWN, "settle"): S.SETTLED,
    (S.OVERDUE, "settle"): S.SETTLED,
    (S.CLASSIFIED, "settle"): S.SETTLED,
    (S.CONTRACTED, "withdraw"): S.WITHDRAWN,
    (S.ENROLMENT_REQUESTED, "withdraw"): S.WITHDRAWN,
    (S.ENROLLED, "withdraw"): S.WITHDRAWN,
    (S.ENROLMENT_REFUSED, "withdraw"): S.WITHDRAWN,
    (S.CLASSIFIED, "compensate"): S.COMPENSATED,
    (S.COMPENSATED, "close"): S.CLOSED,
}
"""Every move that a command makes; any other pair of state and command is refused."""


class TestStates:
    @pytest.mark.parametrize("command", COMMANDS)
    @pytest.mark.parametrize("state", LoanState)
    def test_move_by_the_table_or_refuse(self, state: LoanState, command: str) -> None:
        loan, moved = a_loan(state=state), MOVES.get((state, command))

        if moved is not None:
            assert COMMANDS[command](loan).state is moved
            return
        with pytest.raises(LoanStateConflict):
            COMMANDS[command](loan)


class TestContract:
    def test_is_signed_today_at_the_latest(self) -> None:
        loan, event = contract(a_loan(signed_on=TODAY), today=TODAY)

        assert (event.signed_on, event.amount_fen, event.bank) == (TODAY, 400_000_000, loan.bank)
        with pytest.raises(LoanDateInvalid):
            contract(a_loan(signed_on=TODAY + A_DAY), today=TODAY)


class TestEnrolment:
    def test_asks_anew_after_a_refusal_and_forgets_its_reasons(self) -> None:
        refused = a_loan(state=S.ENROLMENT_REFUSED, refusal_codes=("quota-exhausted",))

        asked, event = request_enrolment(
            refused, programme="sip-yuankedai", guarantor="guarantor-sip", today=TODAY
        )

        assert (asked.programme, asked.guarantor, asked.refusal_codes) == (
            "sip-yuankedai",
            "guarantor-sip",
            (),
        )
        assert (event.programme, event.requested_on) == ("sip-yuankedai", TODAY)

    def test_keeps_the_guarantee_or_the_reasons(self) -> None:
        asked = a_loan(state=S.ENROLMENT_REQUESTED)

        enrolled, letter = enrol(asked, **LETTER)
        refused, refusal = refuse_enrolment(asked, codes=("amount", "tenor"))

        assert enrolled.guarantee_id == letter.guarantee_id == UUID(int=7)
        assert enrolled.enrolled_on == TODAY
        assert refused.refusal_codes == refusal.refusal_codes == ("amount", "tenor")
        assert letter.programme == refusal.programme == "nfgf-scitech"

    def test_is_the_letters_own_whoever_was_asked_last(self) -> None:
        refused = a_loan(
            state=S.ENROLMENT_REFUSED,
            programme="sip-yuankedai",
            guarantor="guarantor-sip",
            refusal_codes=("loan-already-covered",),
        )

        enrolled, event = enrol(refused, **LETTER)

        assert (enrolled.programme, enrolled.guarantor) == ("nfgf-scitech", "guarantor-ges")
        assert (event.programme, enrolled.refusal_codes) == ("nfgf-scitech", ())


class TestDrawdown:
    @pytest.mark.parametrize(
        ("state", "programme"),
        [(S.ENROLLED, "nfgf-scitech"), (S.ENROLMENT_REFUSED, None), (S.CONTRACTED, None)],
    )
    def test_names_the_programme_of_an_enrolled_loan_alone(
        self, state: LoanState, programme: str | None
    ) -> None:
        drawn, event = draw(a_loan(state=state), disbursed_on=TODAY, today=TODAY)

        assert drawn.programme == event.programme == programme
        assert (drawn.guarantor is None) is (programme is None)

    def test_sets_maturity_and_what_is_outstanding(self) -> None:
        drawn, event = draw(a_loan(tenor_months=6), disbursed_on=date(2026, 3, 31), today=TODAY)

        assert drawn.matures_on == event.matures_on == date(2026, 9, 30)
        assert drawn.principal_outstanding_fen == event.amount_fen == 400_000_000

    @pytest.mark.parametrize("day", [date(2026, 1, 3), TODAY + A_DAY])
    def test_is_not_before_signing_or_after_today(self, day: date) -> None:
        with pytest.raises(LoanDateInvalid) as refused:
            draw(a_loan(), disbursed_on=day, today=TODAY)

        assert [v.field for v in refused.value.violations] == ["/disbursed_on"]

    @pytest.mark.parametrize(
        ("enrolled_on", "earliest"),
        [
            (date(2026, 3, 2), date(2026, 3, 2)),
            (date(2026, 1, 1), date(2026, 1, 4)),
            (None, date(2026, 1, 4)),
        ],
    )
    def test_is_not_before_the_letters_day(self, enrolled_on: date | None, earliest: date) -> None:
        loan = a_loan(state=S.ENROLLED, enrolled_on=enrolled_on)

        assert draw(loan, disbursed_on=earliest, today=TODAY)[0].disbursed_on == earliest
        with pytest.raises(LoanDateInvalid) as refused:
            draw(loan, disbursed_on=earliest - A_DAY, today=TODAY)
        (violation,) = refused.value.violations
        assert (violation.field, violation.limit) == ("/disbursed_on", f"{earliest}..{TODAY}")


class TestWithdrawal:
    LETTER_ON = date(2026, 3, 2)

    @pytest.mark.parametrize("day", [LETTER_ON - A_DAY, TODAY + A_DAY])
    def test_is_not_before_the_letter_or_after_today(self, day: date) -> None:
        loan = a_loan(state=S.ENROLLED, enrolled_on=self.LETTER_ON)

        with pytest.raises(LoanDateInvalid) as refused:
            withdraw(loan, withdrawn_on=day, today=TODAY)

        assert [v.field for v in refused.value.violations] == ["/withdrawn_on"]

    def test_keeps_its_day(self) -> None:
        withdrawn, event = withdraw(a_loan(), withdrawn_on=TODAY, today=TODAY)

        assert withdrawn.withdrawn_on == event.withdrawn_on == TODAY


class TestEnd:
    def test_keeps_the_claim_and_its_amount_and_closes(self) -> None:
        loan, paid = compensate(
            a_loan(state=S.CLASSIFIED), claim_id=UUID(int=8), compensated_fen=333_333_333
        )
        closed, over = close(loan, closed_on=TODAY)

        assert (paid.claim_id, paid.compensated_fen) == (UUID(int=8), 333_333_333)
        assert (closed.claim_id, closed.compensated_fen) == (paid.claim_id, paid.compensated_fen)
        assert closed.closed_on == over.closed_on == TODAY
