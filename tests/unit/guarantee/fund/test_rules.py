"""The fund's rules: every movement balances, and the row follows the ledger."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.guarantee.capital import rules as capital
from services.guarantee.fund import rules
from services.guarantee.fund.rules import (
    Account,
    Entry,
    Fund,
    FundCapacityExhausted,
    FundShort,
    NothingReserved,
    Posting,
    PostingKind,
    Slip,
)
from shared.errors import DomainError, InvariantBroken

CAUSE = UUID(int=2)
FUND = Fund(
    code="fund-lyg", leverage=10, capital_fen=100, cash_fen=100, committed_fen=990, reserved_fen=40
)


def a_slip(**changes: object) -> Slip:
    slip = Slip(posting_id=UUID(int=1), cause_id=CAUSE, booked_on=date(2026, 3, 2), note="x")
    return replace(slip, **changes)  # type: ignore[arg-type] # a test names the field it changes


class TestConstructors:
    @pytest.mark.parametrize(("debit", "credit"), [(0, 0), (1, 1), (-1, 0), (0, -1), (2, -1)])
    def test_refuse_an_entry_that_is_not_on_exactly_one_side(self, debit: int, credit: int) -> None:
        with pytest.raises(ValueError, match="exactly one side"):
            Entry(Account.CASH, debit, credit)

    @pytest.mark.parametrize(
        "entries", [(), (Entry(Account.CASH, 2), Entry(Account.CAPITAL, credit_fen=1))]
    )
    def test_refuse_a_posting_that_does_not_balance(self, entries: tuple[Entry, ...]) -> None:
        with pytest.raises(ValueError, match="debits equal its credits"):
            Posting(
                posting_id=UUID(int=1),
                fund="f",
                kind=PostingKind.LEG_PAID,
                cause_id=CAUSE,
                booked_on=date(2026, 3, 2),
                entries=entries,
            )

    def test_refuse_a_posting_of_a_value_date_after_its_booking(self) -> None:
        with pytest.raises(InvariantBroken):
            rules.pay_leg(FUND, a_slip(valued_on=date(2026, 3, 3)), amount_fen=1, reserved_fen=1)

    @pytest.mark.parametrize(
        ("name", "fen"),
        [
            ("reserved_fen", 101),
            ("reserved_fen", -1),
            ("committed_fen", 1001),
            ("committed_fen", -1),
        ],
    )
    def test_refuse_a_fund_beyond_its_limits(self, name: str, fen: int) -> None:
        with pytest.raises(InvariantBroken):
            replace(FUND, **{name: fen})  # type: ignore[arg-type] # the case names the field


class TestCapacity:
    def test_takes_the_last_fen_and_not_one_more(self) -> None:
        assert rules.capacity_refusal(FUND, amount_fen=10) is None
        refusal = rules.capacity_refusal(FUND, amount_fen=11)

        assert refusal is not None
        assert (refusal.code, refusal.limit, refusal.actual) == ("fund-capacity-exhausted", 10, 11)

    def test_is_held_when_committing(self) -> None:
        fund, _, event = rules.reserve_commitment(FUND, a_slip(), amount_fen=10)

        assert (fund.committed_fen, fund.capacity_fen) == (1000, 0)
        assert event.guarantee_id == CAUSE
        with pytest.raises(FundCapacityExhausted):
            rules.reserve_commitment(fund, a_slip(), amount_fen=1)

    def test_comes_back_on_release(self) -> None:
        fund, _, _ = rules.release_commitment(FUND, a_slip(), amount_fen=990)

        assert fund.capacity_fen == 1000
        with pytest.raises(NothingReserved):
            rules.release_commitment(fund, a_slip(), amount_fen=1)


class TestCash:
    def test_for_a_claim_is_set_aside_to_the_last_free_fen(self) -> None:
        fund, _, _ = rules.reserve_for_claim(FUND, a_slip(), amount_fen=60)

        assert fund.free_fen == 0
        with pytest.raises(FundShort):
            rules.reserve_for_claim(fund, a_slip(), amount_fen=1)

    def test_pays_a_leg_and_takes_its_reservation_back_in_one_posting(self) -> None:
        fund, posting, _ = rules.pay_leg(FUND, a_slip(), amount_fen=40, reserved_fen=40)

        assert (fund.cash_fen, fund.reserved_fen, fund.free_fen) == (60, 0, 60)
        moved = rules.balances_moved(posting.entries)
        assert moved[Account.COMPENSATION_PAID] == 40 == -moved[Account.CASH]

    def test_is_not_paid_beyond_what_is_reserved(self) -> None:
        with pytest.raises(NothingReserved):
            rules.pay_leg(FUND, a_slip(), amount_fen=40, reserved_fen=39)

    def test_returns_by_recovery_and_leaves_the_capital_alone(self) -> None:
        fund, _, event = rules.receive_recovery(FUND, a_slip(), claim_id=UUID(int=9), amount_fen=7)

        assert (fund.cash_fen, fund.capital_fen) == (107, 100)
        assert event.claim_id == UUID(int=9)


Move = Callable[[Fund, Slip, int], tuple[Fund, Posting, object]]
MOVES: dict[str, Move] = {
    "pay_in": lambda f, s, n: capital.pay_in(f, s, amount_fen=n),
    "give_back": lambda f, s, n: capital.give_back(f, s, amount_fen=n, contributed_fen=n),
    "commit": lambda f, s, n: rules.reserve_commitment(f, s, amount_fen=n),
    "release": lambda f, s, n: rules.release_commitment(f, s, amount_fen=n),
    "reserve": lambda f, s, n: rules.reserve_for_claim(f, s, amount_fen=n),
    "pay": lambda f, s, n: rules.pay_leg(f, s, amount_fen=n, reserved_fen=f.reserved_fen),
    "recover": lambda f, s, n: rules.receive_recovery(f, s, claim_id=CAUSE, amount_fen=n),
}


class TestLedger:
    @given(st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(1, 10**12))))
    def test_agrees_with_the_row_after_any_movements(self, moves: list[tuple[str, int]]) -> None:
        fund, booked = Fund(code="fund-lyg", leverage=3), list[Entry]()
        for name, amount in moves:
            try:
                fund, posting, _ = MOVES[name](fund, a_slip(), amount)
            except DomainError:
                continue  # the rule refuses: nothing moved
            booked += posting.entries

        net = rules.balances_moved(tuple(booked))
        assert sum(net.values()) == 0
        assert net[Account.CASH] == fund.cash_fen >= fund.reserved_fen >= 0
        assert -net[Account.CAPITAL] == fund.capital_fen
        assert net[Account.COMMITMENTS] == -net[Account.COMMITMENTS_CONTRA] == fund.committed_fen
        assert net[Account.RESERVED] == -net[Account.RESERVED_CONTRA] == fund.reserved_fen
        assert fund.committed_fen <= 3 * fund.capital_fen
