"""The rules of the reports: overdue days, outstanding principal, classes."""

from datetime import date, timedelta

import pytest

from services.credit.loans.rules import Loan, LoanDateInvalid, LoanState
from services.credit.reports.rules import (
    CLASSES,
    ClassificationTooMild,
    PrincipalAboveLoan,
    classify,
    least_class,
    report_overdue,
    settle,
)
from shared.events.credit import Classification
from tests.support.lending import DRAWN_ON, TODAY, a_loan

A_DAY = timedelta(days=1)
S = LoanState


class TestOverdue:
    def test_counts_calendar_days_and_takes_the_outstanding_principal(self) -> None:
        loan, event = report_overdue(
            a_loan(state=S.DRAWN),
            overdue_since=date(2026, 3, 22),
            principal_outstanding_fen=333_333_333,
            reported_on=date(2026, 6, 26),
            today=TODAY,
        )

        assert event.days_overdue == 96
        assert loan.principal_outstanding_fen == event.principal_outstanding_fen == 333_333_333

    @pytest.mark.parametrize(
        ("since", "reported_on", "fields"),
        [
            (DRAWN_ON, DRAWN_ON, []),
            (DRAWN_ON - A_DAY, TODAY, ["/overdue_since"]),
            (TODAY, TODAY + A_DAY, ["/reported_on"]),
            (TODAY, TODAY - A_DAY, ["/overdue_since", "/reported_on"]),
        ],
    )
    def test_begins_after_the_drawdown_and_is_reported_by_today(
        self, since: date, reported_on: date, fields: list[str]
    ) -> None:
        def report() -> None:
            report_overdue(
                a_loan(state=S.DRAWN),
                overdue_since=since,
                principal_outstanding_fen=1,
                reported_on=reported_on,
                today=TODAY,
            )

        if not fields:
            report()
            return
        with pytest.raises(LoanDateInvalid) as refused:
            report()
        assert [v.field for v in refused.value.violations] == fields

    def test_leaves_no_more_outstanding_than_was_lent(self) -> None:
        with pytest.raises(PrincipalAboveLoan) as refused:
            report_overdue(
                a_loan(state=S.DRAWN),
                overdue_since=DRAWN_ON,
                principal_outstanding_fen=400_000_001,
                reported_on=TODAY,
                today=TODAY,
            )

        assert [v.limit for v in refused.value.violations] == [400_000_000]


LEAST = (
    (-1, "normal"),
    (0, "normal"),
    (1, "special_mention"),
    (90, "special_mention"),
    (91, "substandard"),
    (270, "substandard"),
    (271, "doubtful"),
    (360, "doubtful"),
    (361, "loss"),
    (5000, "loss"),
)


class TestClasses:
    @pytest.mark.parametrize(("days", "least"), LEAST)
    def test_worsen_with_the_days_overdue(self, days: int, least: Classification) -> None:
        assert least_class(TODAY - days * A_DAY, TODAY) == least

    def test_are_normal_for_a_loan_that_is_not_overdue(self) -> None:
        assert least_class(None, TODAY) == "normal"

    @pytest.mark.parametrize("given_class", CLASSES)
    @pytest.mark.parametrize(("days", "least"), LEAST[1:])
    def test_may_be_worse_than_the_days_demand_and_never_better(
        self, days: int, least: Classification, given_class: Classification
    ) -> None:
        since = TODAY - days * A_DAY
        loan = a_loan(state=S.OVERDUE, overdue_since=since, disbursed_on=since)

        def run() -> Loan:
            return classify(
                loan,
                classification=given_class,
                principal_outstanding_fen=1,
                classified_on=TODAY,
                today=TODAY,
            )[0]

        if CLASSES.index(given_class) >= CLASSES.index(least):
            assert run().classification == given_class
            return
        with pytest.raises(ClassificationTooMild) as refused:
            run()
        (violation,) = refused.value.violations
        assert (violation.limit, violation.actual) == (least, given_class)

    @pytest.mark.parametrize("day", [DRAWN_ON - A_DAY, TODAY + A_DAY])
    def test_are_given_between_the_drawdown_and_today(self, day: date) -> None:
        with pytest.raises(LoanDateInvalid):
            classify(
                a_loan(state=S.DRAWN),
                classification="loss",
                principal_outstanding_fen=1,
                classified_on=day,
                today=TODAY,
            )

    def test_leave_no_more_outstanding_than_was_lent(self) -> None:
        with pytest.raises(PrincipalAboveLoan):
            classify(
                a_loan(state=S.DRAWN),
                classification="loss",
                principal_outstanding_fen=400_000_001,
                classified_on=TODAY,
                today=TODAY,
            )


class TestOrder:
    """Reports are taken in the order of their days; the newest figures stand."""

    NEWEST = date(2026, 6, 1)

    def overdue(self, loan: Loan, on: date) -> Loan:
        return report_overdue(
            loan,
            overdue_since=DRAWN_ON,
            principal_outstanding_fen=1,
            reported_on=on,
            today=TODAY,
        )[0]

    def classified(self, loan: Loan, on: date) -> Loan:
        return classify(
            loan,
            classification="loss",
            principal_outstanding_fen=2,
            classified_on=on,
            today=TODAY,
        )[0]

    @pytest.mark.parametrize("first", ["overdue", "classified"])
    @pytest.mark.parametrize("second", ["overdue", "classified"])
    def test_refuses_an_earlier_day_than_the_newest(self, first: str, second: str) -> None:
        loan = getattr(self, first)(a_loan(state=S.DRAWN), self.NEWEST)

        with pytest.raises(LoanDateInvalid) as refused:
            getattr(self, second)(loan, self.NEWEST - A_DAY)

        (violation,) = refused.value.violations
        field = {"overdue": "/reported_on", "classified": "/classified_on"}[second]
        assert (violation.field, violation.limit) == (field, f"{self.NEWEST}..{TODAY}")

    @pytest.mark.parametrize("second", ["overdue", "classified"])
    @pytest.mark.parametrize("later", [timedelta(0), A_DAY])
    def test_takes_a_correction_of_the_day_and_what_is_newer(
        self, second: str, later: timedelta
    ) -> None:
        loan = self.classified(a_loan(state=S.DRAWN), self.NEWEST)

        taken = getattr(self, second)(loan, self.NEWEST + later)

        assert taken.reported_on == self.NEWEST + later
        assert taken.principal_outstanding_fen == {"overdue": 1, "classified": 2}[second]


class TestSettlement:
    def test_leaves_nothing_outstanding(self) -> None:
        loan = a_loan(state=S.CLASSIFIED, principal_outstanding_fen=333_333_333)

        settled, event = settle(loan, settled_on=TODAY, today=TODAY)

        assert (settled.principal_outstanding_fen, settled.settled_on) == (0, TODAY)
        assert (event.settled_on, event.bank, event.uscc) == (TODAY, loan.bank, loan.uscc.code)

    @pytest.mark.parametrize(
        ("reported_on", "day"),
        [
            (None, DRAWN_ON - A_DAY),
            (date(2026, 6, 1), date(2026, 5, 31)),
            (None, TODAY + A_DAY),
        ],
    )
    def test_is_between_the_newest_report_and_today(
        self, reported_on: date | None, day: date
    ) -> None:
        with pytest.raises(LoanDateInvalid) as refused:
            settle(a_loan(state=S.DRAWN, reported_on=reported_on), settled_on=day, today=TODAY)

        assert [v.field for v in refused.value.violations] == ["/settled_on"]
