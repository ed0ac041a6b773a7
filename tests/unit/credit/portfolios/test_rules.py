"""The rules of the portfolios: how a row is read, and every reason why it is not."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credit.portfolios.rules import Entry, parse_row, read_percent, read_yuan, repeated
from shared.uscc import Uscc
from tests.support.city import FIRM

TODAY = date(2026, 3, 2)
ROW = {
    "reference": "R1",
    "uscc": FIRM,
    "amount_yuan": "5000000.01",
    "rate_percent": "3.45",
    "tenor_months": "12",
    "signed_on": "2025-12-16",
}
NOT_NUMBERS = st.text(max_size=20).filter(lambda text: not set(text) <= set("0123456789."))


class TestYuan:
    @pytest.mark.parametrize(
        ("text", "fen"),
        [
            ("0", 0),
            ("0.01", 1),
            ("0.1", 10),
            ("00.10", 10),
            ("130000.05", 13_000_005),
            ("9999999999999.99", 999_999_999_999_999),
        ],
    )
    def test_is_read_digit_by_digit(self, text: str, fen: int) -> None:
        assert read_yuan(text) == fen

    @pytest.mark.parametrize(
        "text",
        [
            *("", ".", "1.", ".5", "1.005", "-1", "+1", "1,000", "1e3", "1_0", " 1", "1\n"),
            *("1 ", "\uff11", "\u0663", "0x1", "NaN", "inf", "10000000000000"),
        ],
    )
    def test_is_not_guessed(self, text: str) -> None:
        assert read_yuan(text) is None

    @given(fen=st.integers(0, 10**15 - 1))
    def test_reads_back_every_amount(self, fen: int) -> None:
        whole, cents = divmod(fen, 100)

        assert read_yuan(f"{whole}.{cents:02d}") == fen

    @given(text=NOT_NUMBERS)
    def test_is_made_of_digits_and_one_point_alone(self, text: str) -> None:
        assert read_yuan(text) is None
        assert read_percent(text) is None


class TestPercent:
    @pytest.mark.parametrize(
        ("text", "ppm"),
        [("0", 0), ("3.45", 34_500), ("3.4", 34_000), ("3.0001", 30_001), ("99.9999", 999_999)],
    )
    def test_is_read_digit_by_digit(self, text: str, ppm: int) -> None:
        assert read_percent(text) == ppm

    @pytest.mark.parametrize("text", ["", "3.", "3.45%", "3.45555", "100", "-3", "3,45", "3\n"])
    def test_is_not_guessed(self, text: str) -> None:
        assert read_percent(text) is None

    @given(ppm=st.integers(0, 999_999))
    def test_reads_back_every_rate(self, ppm: int) -> None:
        whole, rest = divmod(ppm, 10_000)

        assert read_percent(f"{whole}.{rest:04d}") == ppm


class TestRow:
    def test_becomes_an_entry(self) -> None:
        assert parse_row(ROW, today=TODAY) == Entry(
            reference="R1",
            uscc=Uscc(FIRM),
            amount_fen=500_000_001,
            rate_ppm=34_500,
            tenor_months=12,
            signed_on=date(2025, 12, 16),
        )

    @pytest.mark.parametrize(
        ("column", "text"),
        [
            ("reference", "x" * 100),
            ("amount_yuan", "0.01"),
            ("rate_percent", "0"),
            ("tenor_months", "1"),
            ("tenor_months", "600"),
            ("signed_on", "2026-03-02"),
        ],
    )
    def test_is_taken_at_each_limit(self, column: str, text: str) -> None:
        assert isinstance(parse_row({**ROW, column: text}, today=TODAY), Entry)

    @pytest.mark.parametrize(
        ("column", "text"),
        [
            ("reference", ""),
            ("reference", "x" * 101),
            ("uscc", "91320706MA1N00018M"),
            ("uscc", ""),
            ("amount_yuan", "0"),
            ("amount_yuan", "0.00"),
            ("amount_yuan", "1.005"),
            ("rate_percent", "-1"),
            ("tenor_months", "0"),
            ("tenor_months", "601"),
            ("tenor_months", "1.5"),
            ("tenor_months", "12\n"),
            ("signed_on", "2026-03-03"),
            ("signed_on", "2026-2-3"),
            ("signed_on", "2026-02-30"),
            ("signed_on", "2026-W09-1"),
            ("signed_on", "20260102"),
        ],
    )
    def test_names_the_cell_that_is_wrong(self, column: str, text: str) -> None:
        reasons = parse_row({**ROW, column: text}, today=TODAY)

        assert isinstance(reasons, tuple)
        assert {reason.field for reason in reasons} == {column}
        assert all(reason.zh and reason.en for reason in reasons)

    def test_names_all_cells_at_once(self) -> None:
        reasons = parse_row(dict.fromkeys(ROW, ""), today=TODAY)

        assert isinstance(reasons, tuple)
        assert {reason.field for reason in reasons} == set(ROW)

    def test_depends_on_the_day(self) -> None:
        row = {**ROW, "signed_on": str(TODAY)}

        assert isinstance(parse_row(row, today=TODAY - timedelta(days=1)), tuple)
        assert isinstance(parse_row(row, today=TODAY), Entry)


def test_a_used_reference_is_named() -> None:
    assert (repeated("R1").field, repeated("R1").actual) == ("reference", "R1")
