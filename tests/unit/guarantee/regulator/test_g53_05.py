"""The golden row of G53-05, and what nobody stated."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.guarantee.figures.rules import Report
from services.guarantee.regulator.rules import (
    Attributes,
    Compensation,
    FirmSize,
    GuaranteedLoan,
    g53_05,
    parse_row,
)
from shared.errors import Violation
from tests.support.golden import assert_golden

GOLDEN = Path(__file__).parents[1] / "golden" / "g53-05.txt"
ON = date(2026, 12, 31)
MILLION = 100_000_000
STATED = Attributes(
    size=FirmSize.MICRO,
    credit_line_fen=800_000_000,
    is_farmer=False,
    guarantor_is_public=False,
)


def a_loan(number: int, millions: int, classification: str, overdue_days: int) -> GuaranteedLoan:
    return GuaranteedLoan(
        loan_id=UUID(int=number),
        uscc=f"firm-{number}",
        balance_fen=millions * MILLION,
        unpaid_fen=millions * MILLION,
        classification=classification,
        overdue_since=ON - timedelta(days=overdue_days) if overdue_days else None,
        attributes=STATED,
    )


LOANS = [
    replace(a_loan(1, 1, "normal", 0), attributes=replace(STATED, guarantor_is_public=True)),
    a_loan(2, 2, "special_mention", 30),
    replace(
        a_loan(3, 3, "substandard", 100),
        attributes=replace(STATED, credit_line_fen=1_000_000_001, size=FirmSize.SMALL),
    ),
    replace(
        a_loan(4, 4, "loss", 400),
        attributes=replace(STATED, size=FirmSize.MEDIUM, is_farmer=True),
    ),
    a_loan(5, 0, "normal", 0),
]
PAID = [
    Compensation(
        claim_id=UUID(int=9), party="guarantor", amount_fen=60_000_000, paid_on=date(2026, 1, 1)
    ),
    Compensation(claim_id=UUID(int=8), party="guarantor", amount_fen=7, paid_on=date(2025, 12, 31)),
]


def values(report: Report) -> dict[str, int | None]:
    return {figure.item: figure.value for figure in report.figures}


class TestTable:
    def test_is_the_golden_row(self) -> None:
        report = g53_05(LOANS, PAID, subject="bank-haizhou", on=ON)

        assert values(report) == {
            "1": 10 * MILLION,
            "1.1": 6 * MILLION,
            "1.1.1": 3 * MILLION,
            "1.2": 1 * MILLION,
            "1.3": 4 * MILLION,
            "1.4": 7 * MILLION,
            "2": 4,
            "3": 60_000_000,
            "4": 9 * MILLION,
            "4.1": 7 * MILLION,
            "4.2": 4 * MILLION,
        }
        for figure in report.figures:
            assert sum(source.value for source in figure.sources) == figure.value, figure.item

    def test_is_worded_as_the_regulator_words_it_and_names_its_records(self) -> None:
        report = g53_05(LOANS, PAID, subject="bank-haizhou", on=ON)

        lines = [
            f"{f.item} {f.zh} | {f.en} | {f.unit} {f.value} | "
            + " ".join(f"{s.kind}:{s.id}={s.value}" for s in f.sources)
            for f in report.figures
        ]
        head = f"{report.kind} {report.subject} {report.since} {report.on}"
        assert_golden(GOLDEN, "\n".join([head, *lines]) + "\n")

    @pytest.mark.parametrize(("days", "late"), [(90, 0), (91, 3 * MILLION)])
    def test_counts_more_than_ninety_days(self, days: int, late: int) -> None:
        loans = [a_loan(3, 3, "substandard", days)]

        assert values(g53_05(loans, [], subject="b", on=ON))["4.1"] == late

    def test_names_the_loans_that_lack_attributes_instead_of_guessing(self) -> None:
        loans = [*LOANS, replace(a_loan(6, 1, "normal", 0), attributes=None)]

        report = g53_05(loans, [], subject="b", on=ON)

        lacking = [figure for figure in report.figures if figure.value is None]
        assert [figure.item for figure in lacking] == ["1.1", "1.1.1", "1.2", "1.3"]
        assert {source.id for figure in lacking for source in figure.sources} == {str(UUID(int=6))}


ROW = {
    "loan_id": str(UUID(int=1)),
    "size": "micro",
    "credit_line_fen": "800000000",
    "is_farmer": "no",
    "guarantor_is_public": "no",
}


class TestRow:
    def test_is_read(self) -> None:
        assert parse_row(ROW) == (UUID(int=1), STATED)

    @pytest.mark.parametrize(
        ("column", "text"),
        [
            ("loan_id", "1"),
            ("size", "tiny"),
            ("credit_line_fen", "1.5"),
            ("credit_line_fen", "-1"),
            ("credit_line_fen", "1000000000000000"),
            ("is_farmer", "true"),
            ("guarantor_is_public", ""),
        ],
    )
    def test_says_what_is_wrong_with_a_cell(self, column: str, text: str) -> None:
        found = parse_row({**ROW, column: text})

        assert [each.field for each in found if isinstance(each, Violation)] == [column]
