"""Figures: a sum is its sources, a rate is of two figures, and nothing is said over nothing."""

from datetime import date

import pytest

from services.guarantee.figures import rules
from services.guarantee.figures.rules import (
    Figure,
    PeriodInvalid,
    ReportTooLarge,
    Source,
    Unit,
    count,
    rate,
    require_bounded,
    require_period,
    total,
)


def fen(value: int, item: str = "1") -> Figure:
    return total(item, "甲", "a", [Source("leg", "x", value)])


class TestTotal:
    def test_is_what_its_sources_add_up_to(self) -> None:
        found = total("2", "乙", "b", [Source("leg", "x", 5), Source("leg", "y", -2)])

        assert found == Figure(
            "2", "乙", "b", Unit.FEN, 3, (Source("leg", "x", 5), Source("leg", "y", -2)), ""
        )

    def test_names_no_source_that_adds_nothing(self) -> None:
        found = total("2", "乙", "b", [Source("leg", "x", 0)])

        assert (found.value, found.sources) == (0, ())


class TestCount:
    def test_counts_different_records_once(self) -> None:
        found = count("3", "丙", "c", "firm", ["b", "a", "b"])

        assert (found.unit, found.value) == (Unit.COUNT, 2)
        assert found.sources == (Source("firm", "b", 1), Source("firm", "a", 1))
        assert (found.item, found.zh, found.en) == ("3", "丙", "c")


class TestRate:
    def test_is_in_ppm_and_names_both_figures(self) -> None:
        found = rate("8", "率", "rate", fen(60_000_000, "6"), fen(3_000_000_000, "3"))

        assert (found.item, found.zh, found.en, found.unit) == ("8", "率", "rate", Unit.PPM)
        assert (found.value, found.note) == (20_000, "")
        assert found.sources == (
            Source("figure", "6", 60_000_000),
            Source("figure", "3", 3_000_000_000),
        )

    @pytest.mark.parametrize(
        ("over", "under", "ppm"), [(1, 2_000_000, 1), (1, 2_000_001, 0), (2, 3, 666_667)]
    )
    def test_is_rounded_half_up(self, over: int, under: int, ppm: int) -> None:
        assert rate("8", "率", "rate", fen(over), fen(under)).value == ppm

    def test_over_nothing_is_not_said_and_says_why(self) -> None:
        found = rate("8", "率", "rate", fen(5, "6"), fen(0, "3"))

        assert (found.value, found.unit) == (None, Unit.PPM)
        assert found.note == "figure 3 is nothing: the rate has no base"
        assert found.sources == (Source("figure", "6", 5), Source("figure", "3", 0))
        assert (found.item, found.zh, found.en) == ("8", "率", "rate")

    def test_of_a_figure_that_is_not_said_is_nothing(self) -> None:
        unsaid = rate("7", "率", "rate", fen(5), fen(0))

        found = rate("8", "率", "rate", unsaid, fen(10))

        assert found.value == 0
        assert found.sources[0] == Source("figure", "7", 0)


class TestBounds:
    def test_a_period_of_one_day_is_one(self) -> None:
        require_period(date(2026, 3, 2), date(2026, 3, 2))

    def test_a_period_that_ends_before_it_begins_is_refused(self) -> None:
        with pytest.raises(PeriodInvalid, match=r"^ends before it begins$") as refused:
            require_period(date(2026, 3, 2), date(2026, 3, 1))

        [violation] = refused.value.violations
        assert (violation.code, violation.field) == ("period", "/on")
        assert (violation.limit, violation.actual) == ("2026-03-02", "2026-03-01")
        assert violation.en == "ends before it begins"

    def test_as_many_records_as_an_answer_holds_are_taken_and_no_more(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rules, "MOST_SOURCES", 2)
        require_bounded([1, 2])

        with pytest.raises(ReportTooLarge, match="names more than 2 records"):
            require_bounded([1, 2, 3])
