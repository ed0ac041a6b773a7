"""Rules of the breakers: what a loan counts, when a state changes, who may restore."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.guarantee.breakers import rules
from services.guarantee.breakers.rules import Breaker, BreakerState, Counted
from services.guarantee.programmes.rules import Counters, YearNotOpened
from shared.events.credit import Classification
from shared.events.guarantee import BreakerTripped, BreakerWarned
from tests.support.cases import TODAY
from tests.support.packs import shipped

PACK = shipped("sip-yuankedai")
WARNING_PACK = PACK.model_copy(
    update={"breakers": (PACK.breakers[0].model_copy(update={"warning_ppm": 80_000}),)}
)
BREAKER = Breaker(
    programme="sip-yuankedai", bank="bank-haizhou", viewers=(), year=2026, changed_on=TODAY
)
LATER = date(2026, 3, 9)


def counters(npl_fen: int, base_fen: int | None = 8_000_000_000, year: int = 2026) -> Counters:
    """Build a bank's counters."""
    return Counters(
        programme="sip-yuankedai",
        bank="bank-haizhou",
        year=year,
        prior_year_end_balance_fen=base_fen,
        npl_principal_loss_fen=npl_fen,
    )


def in_state(state: BreakerState, **changes: Any) -> Breaker:  # noqa: ANN401 - any field
    """Build a breaker in a state."""
    return replace(BREAKER, state=state, **changes)


class TestCount:
    @pytest.mark.parametrize(
        ("classification", "fen"),
        [
            ("normal", 0),
            ("special_mention", 0),
            ("substandard", 300),
            ("doubtful", 300),
            ("loss", 300),
        ],
    )
    def test_takes_the_principal_of_bad_loans(
        self, classification: Classification, fen: int
    ) -> None:
        counted = rules.count(
            None,
            classification=classification,
            principal_fen=300,
            covered_fen=400,
            year=2026,
        )

        assert counted == Counted(2026, fen)

    def test_takes_no_more_than_is_covered(self) -> None:
        counted = rules.count(
            None, classification="loss", principal_fen=500, covered_fen=400, year=2026
        )

        assert counted.fen == 400

    @pytest.mark.parametrize(("before_fen", "year"), [(100, 2025), (0, 2026)])
    def test_stays_in_the_year_in_which_the_loan_became_bad(
        self, before_fen: int, year: int
    ) -> None:
        counted = rules.count(
            Counted(2025, before_fen),
            classification="loss",
            principal_fen=50,
            covered_fen=400,
            year=2026,
        )

        assert counted == Counted(year, 50)

    @pytest.mark.parametrize(
        ("classified_on", "opened", "year"),
        [
            (TODAY, None, 2026),
            (date(2025, 12, 31), None, 2026),
            (date(2025, 12, 31), counters(0, None, 2025), 2026),
            (date(2025, 12, 31), counters(0, 1, 2025), 2025),
            (date(2027, 1, 1), counters(0, 1, 2027), 2026),
        ],
    )
    def test_falls_to_the_current_year_where_its_own_is_not_open(
        self, classified_on: date, opened: Counters | None, year: int
    ) -> None:
        assert rules.year_of(classified_on, opened, today=TODAY) == year

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**9)), max_size=30))
    def test_sums_each_loan_once_whatever_the_order(self, steps: list[tuple[int, int]]) -> None:
        held: dict[int, Counted] = {}
        year = counters(0)

        for loan, fen in steps:
            after = Counted(2026, fen)
            year = rules.moved(year, held.get(loan), after)
            held[loan] = after

        assert year.npl_principal_loss_fen == sum(each.fen for each in held.values())

    def test_leaves_another_years_figure_alone(self) -> None:
        moved = rules.moved(counters(10), Counted(2025, 0), Counted(2026, 5))

        assert moved.npl_principal_loss_fen == 15


class TestAssess:
    @pytest.mark.parametrize(
        ("npl_fen", "state"), [(799_999_999, "normal"), (800_000_000, "suspended")]
    )
    def test_compares_exactly(self, npl_fen: int, state: str) -> None:
        after, events = rules.assess(BREAKER, counters(npl_fen), PACK, today=LATER)

        assert after.state == state
        assert [type(event) for event in events] == ([BreakerTripped] if state != "normal" else [])
        assert (after.numerator_fen, after.base_fen) == (npl_fen, 8_000_000_000)

    def test_warns_then_trips_and_tells_each_once(self) -> None:
        warned, first = rules.assess(BREAKER, counters(640_000_000), WARNING_PACK, today=LATER)
        same, none = rules.assess(warned, counters(650_000_000), WARNING_PACK, today=LATER)
        tripped, last = rules.assess(same, counters(900_000_000), WARNING_PACK, today=LATER)

        assert (warned.state, same.state, tripped.state) == ("warning", "warning", "suspended")
        assert [type(event) for event in (*first, *last)] == [BreakerWarned, BreakerTripped]
        assert none == ()
        assert tripped.changed_on == LATER

    def test_takes_a_warning_back_in_silence(self) -> None:
        after, events = rules.assess(
            in_state(BreakerState.WARNING), counters(0), WARNING_PACK, today=LATER
        )

        assert (after.state, events) == (BreakerState.NORMAL, ())

    def test_keeps_a_suspension_until_it_is_restored(self) -> None:
        after, events = rules.assess(
            in_state(BreakerState.SUSPENDED), counters(0), PACK, today=LATER
        )

        assert (after.state, after.changed_on, events) == (BreakerState.SUSPENDED, TODAY, ())

    @pytest.mark.parametrize(
        "year", [counters(10**12, None), counters(10**12, 1, 2025), counters(10**12, 1, 2027)]
    )
    def test_decides_nothing_without_an_opening_or_by_another_year(self, year: Counters) -> None:
        assert rules.assess(BREAKER, year, PACK, today=LATER) == (BREAKER, ())


class TestRestore:
    def test_needs_a_ratio_below_the_threshold(self) -> None:
        suspended = in_state(BreakerState.SUSPENDED)

        with pytest.raises(rules.RatioStillReached):
            restore(suspended, counters(800_000_000))
        assert restore(suspended, counters(799_999_999)).state is BreakerState.NORMAL

    def test_may_end_in_a_warning(self) -> None:
        restored, _ = rules.restore(
            in_state(BreakerState.SUSPENDED),
            counters(700_000_000),
            WARNING_PACK,
            org="fund-lyg",
            reason="x",
            today=LATER,
        )

        assert (restored.state, restored.reason) == (BreakerState.WARNING, "x")

    def test_needs_this_years_opening(self) -> None:
        with pytest.raises(YearNotOpened):
            restore(in_state(BreakerState.SUSPENDED), counters(0, None))

    @pytest.mark.parametrize("state", [BreakerState.NORMAL, BreakerState.WARNING])
    def test_needs_a_suspension(self, state: BreakerState) -> None:
        with pytest.raises(rules.BreakerNotSuspended):
            restore(in_state(state), counters(0))

    def test_is_not_the_banks_own(self) -> None:
        with pytest.raises(rules.OwnBreaker):
            restore(in_state(BreakerState.SUSPENDED), counters(0), org="bank-haizhou")


class TestEnrolment:
    @pytest.mark.parametrize(
        "breaker", [None, in_state(BreakerState.NORMAL), in_state(BreakerState.WARNING)]
    )
    def test_goes_on_below_the_threshold(self, breaker: Breaker | None) -> None:
        assert rules.enrolment_refusal(breaker) is None

    def test_is_refused_with_numerator_base_and_threshold(self) -> None:
        suspended, _ = rules.assess(BREAKER, counters(812_345_678), PACK, today=LATER)

        refusal = rules.enrolment_refusal(suspended)

        assert refusal is not None
        assert (refusal.code, refusal.limit, refusal.actual) == (
            "breaker-suspended",
            800_000_000,
            812_345_678,
        )
        for words in (refusal.zh, refusal.en):
            assert "8,123,456.78" in words
            assert "80,000,000.00" in words
            assert "10 %" in words


def restore(breaker: Breaker, year: Counters, *, org: str = "fund-lyg") -> Breaker:
    """Restore by the shipped pack."""
    restored, event = rules.restore(breaker, year, PACK, org=org, reason="x", today=LATER)
    assert event.bank == "bank-haizhou"
    return restored
