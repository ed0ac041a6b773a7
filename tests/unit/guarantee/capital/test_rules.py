"""A fund's capital: paid in, given back within bounds, corrected by a mirror image."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.guarantee.capital import rules
from services.guarantee.fund import rules as ledger
from services.guarantee.fund.rules import (
    Account,
    Fund,
    FundCapacityExhausted,
    FundShort,
    PostingKind,
    Slip,
)

CAUSE = UUID(int=2)
TODAY = date(2026, 3, 2)
FUND = Fund(
    code="fund-lyg", leverage=10, capital_fen=100, cash_fen=100, committed_fen=990, reserved_fen=40
)
IDLE = Fund(code="fund-lyg", leverage=10, capital_fen=100, cash_fen=100)


def a_slip(**changes: object) -> Slip:
    slip = Slip(posting_id=UUID(int=1), cause_id=CAUSE, booked_on=TODAY, note="x")
    return replace(slip, **changes)  # type: ignore[arg-type] # a test names the field it changes


class TestPayIn:
    def test_fills_the_ledger_to_its_limit_and_not_beyond(self) -> None:
        room = rules.MAX_CAPITAL_FEN - FUND.capital_fen

        full, _, _ = rules.pay_in(FUND, a_slip(), amount_fen=room)
        with pytest.raises(rules.FundCapitalLimit) as refused:
            rules.pay_in(FUND, a_slip(), amount_fen=room + 1)

        assert full.capital_fen == rules.MAX_CAPITAL_FEN
        assert [(v.field, v.limit, v.actual) for v in refused.value.violations] == [
            ("/amount_fen", room, room + 1)
        ]


class TestReverse:
    def test_is_the_mirror_image_of_a_payment_of_capital(self) -> None:
        paid, posting, _ = rules.pay_in(FUND, a_slip(), amount_fen=50)

        fund, mirror, event = rules.reverse(
            paid, a_slip(posting_id=UUID(int=3)), posting, contributed_fen=50
        )

        assert fund == FUND
        both = ledger.balances_moved((*posting.entries, *mirror.entries))
        assert both == dict.fromkeys(Account, 0)
        assert (mirror.reverses, event.reverses, event.amount_fen) == (
            posting.posting_id,
            posting.posting_id,
            50,
        )

    def test_is_refused_where_cash_or_capacity_is_in_use(self) -> None:
        _, posting, _ = rules.pay_in(FUND, a_slip(), amount_fen=61)
        with pytest.raises(FundShort):
            rules.reverse(FUND, a_slip(), posting, contributed_fen=61)

        _, small, _ = rules.pay_in(FUND, a_slip(), amount_fen=2)
        with pytest.raises(FundCapacityExhausted):
            rules.reverse(FUND, a_slip(), small, contributed_fen=2)

    def test_is_refused_for_what_a_claim_caused(self) -> None:
        fund, posting, _ = ledger.reserve_for_claim(FUND, a_slip(), amount_fen=1)

        with pytest.raises(rules.PostingNotReversible):
            rules.reverse(fund, a_slip(), posting, contributed_fen=1)

    def test_has_the_value_date_of_what_it_corrects(self) -> None:
        earlier = date(2026, 2, 27)
        paid, posting, _ = rules.pay_in(IDLE, a_slip(valued_on=earlier), amount_fen=50)

        _, mirror, _ = rules.reverse(paid, a_slip(), posting, contributed_fen=50)

        assert (mirror.booked_on, mirror.value_date) == (TODAY, earlier)

    def test_puts_back_what_was_returned_by_mistake(self) -> None:
        less, posting, _ = rules.give_back(IDLE, a_slip(), amount_fen=30, contributed_fen=100)

        fund, mirror, _ = rules.reverse(less, a_slip(), posting, contributed_fen=70)

        assert fund == IDLE
        assert mirror.kind is PostingKind.REVERSAL

    def test_is_refused_where_the_contributor_took_it_back(self) -> None:
        _, posting, _ = rules.pay_in(IDLE, a_slip(), amount_fen=50)

        with pytest.raises(rules.ContributorShort):
            rules.reverse(IDLE, a_slip(), posting, contributed_fen=49)


class TestGiveBack:
    def test_takes_cash_and_capital(self) -> None:
        fund, posting, event = rules.give_back(IDLE, a_slip(), amount_fen=100, contributed_fen=100)

        assert (fund.cash_fen, fund.capital_fen) == (0, 0)
        moved = ledger.balances_moved(posting.entries)
        assert (moved[Account.CAPITAL], moved[Account.CASH]) == (100, -100)
        assert (event.contributor, event.amount_fen) == ("x", 100)

    def test_is_bounded_by_what_the_contributor_has(self) -> None:
        with pytest.raises(rules.ContributorShort) as refused:
            rules.give_back(IDLE, a_slip(), amount_fen=31, contributed_fen=30)

        [found] = refused.value.violations
        assert (found.field, found.limit, found.actual) == ("/amount_fen", 30, 31)

    def test_is_bounded_by_free_cash_and_by_commitments(self) -> None:
        with pytest.raises(FundShort):
            rules.give_back(FUND, a_slip(), amount_fen=61, contributed_fen=100)
        fund, _, _ = rules.give_back(FUND, a_slip(), amount_fen=1, contributed_fen=100)
        with pytest.raises(FundCapacityExhausted):
            rules.give_back(FUND, a_slip(), amount_fen=2, contributed_fen=100)

        assert fund.capacity_fen == 0


class TestValueDate:
    def test_may_be_today_or_before(self) -> None:
        rules.require_value_date(None, today=TODAY)
        rules.require_value_date(TODAY, today=TODAY)
        with pytest.raises(rules.ValueDateInvalid) as refused:
            rules.require_value_date(date(2026, 3, 3), today=TODAY)

        assert refused.value.violations[0].field == "/valued_on"
