"""Rules of the reports: what a question must say, for whose eyes, and what has changed since."""

from datetime import date

import pytest

from services.guarantee.reports.rules import (
    Asked,
    Change,
    ReportKind,
    SinceMissing,
    SubjectForeign,
    compare,
)


def asked(
    subject: str = "bank-haizhou", *, since: date | None = None, reader: str | None = None
) -> Asked:
    return Asked(
        kind=ReportKind.PROGRAMME,
        subject=subject,
        since=since,
        on=date(2026, 3, 31),
        reader=reader,
    )


class TestQuestion:
    def test_about_a_period_says_when_it_begins(self) -> None:
        assert asked(since=date(2026, 1, 1)).first_day() == date(2026, 1, 1)

        with pytest.raises(SinceMissing, match=r"^this report is about a period$") as refused:
            asked().first_day()
        [violation] = refused.value.violations
        assert (violation.code, violation.zh, violation.field) == (
            "missing",
            "缺少 since",
            "/since",
        )

    @pytest.mark.parametrize(
        ("subject", "reader", "bank"),
        [
            ("bank-haizhou", None, "bank-haizhou"),
            ("all", None, None),
            ("bank-haizhou", "bank-haizhou", "bank-haizhou"),
        ],
    )
    def test_about_a_bank_is_for_the_bank_and_overseers(
        self, subject: str, reader: str | None, bank: str | None
    ) -> None:
        assert asked(subject, reader=reader).bank() == bank

    @pytest.mark.parametrize("subject", ["bank-haizhou", "all"])
    def test_about_another_bank_is_refused(self, subject: str) -> None:
        with pytest.raises(SubjectForeign, match=f"bank-ganyu may not read .* of {subject}"):
            asked(subject, reader="bank-ganyu").bank()


class TestComparison:
    def test_names_what_changed_came_and_went_in_order(self) -> None:
        found = compare({"1": 5, "2": 7, "3": None}, {"1": 5, "2": 8, "4": 1})

        assert list(found) == [Change("2", 7, 8), Change("4", None, 1)]

    def test_names_what_is_no_longer_said(self) -> None:
        assert list(compare({"1": 5}, {})) == [Change("1", 5, None)]
