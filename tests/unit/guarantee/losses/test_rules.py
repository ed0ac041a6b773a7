"""Rules of the losses: legs from a split, payments, and what comes back; all of it conserves."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.guarantee.losses import rules
from services.guarantee.programmes.rules import Counters
from shared.errors import InvariantBroken
from shared.rulepack.splitting import split_loss
from tests.support.cases import TODAY, a_cover, a_leg
from tests.support.packs import shipped

PACK = shipped("sip-yuankedai")
FEN = st.integers(min_value=1, max_value=10**13)
CAP_PPM = 100_000


def decide(fen: int, counters: Counters) -> tuple[rules.Split, tuple[rules.Leg, ...], Counters]:
    """Split a loss as an approval does and move the counters."""
    inputs = counters.as_inputs(PACK)
    result = split_loss(PACK, on=TODAY, loss_fen=fen, facts={}, counters=inputs)
    split, legs = rules.split_of(
        result, cover=a_cover(PACK), loss_fen=fen, recovered_fen=0, counters=inputs, today=TODAY
    )
    return split, legs, counters.moved(split.counter_moves)


def a_year(base_fen: int) -> Counters:
    """Open a year."""
    return Counters(
        programme="sip-yuankedai", bank="", year=2026, prior_year_end_balance_fen=base_fen
    )


class TestSplit:
    @given(losses=st.lists(FEN, min_size=1, max_size=12), base_fen=FEN)
    def test_conserves_every_loss_and_never_exceeds_the_cap(
        self, losses: list[int], base_fen: int
    ) -> None:
        counters = a_year(base_fen)

        for fen in losses:
            split, legs, counters = decide(fen, counters)
            assert sum(leg.amount_fen for leg in legs) == fen
            assert sum(leg.base_fen for leg in legs) == split.eligible_loss_fen == fen
            assert all(leg.amount_fen >= 0 for leg in legs)
            assert counters.pool_paid_fen <= base_fen * CAP_PPM // 1_000_000

    @given(fen=FEN, base_fen=FEN)
    def test_gives_the_same_decision_for_the_same_inputs(self, fen: int, base_fen: int) -> None:
        assert decide(fen, a_year(base_fen)) == decide(fen, a_year(base_fen))

    def test_names_the_organisation_of_every_party_and_the_day_it_is_due(self) -> None:
        _, legs, _ = decide(100, a_year(8_000_000_000))

        assert {leg.party: leg.org for leg in legs} == {
            "bank": "bank-haizhou",
            "guarantor": "guarantor-ges",
            "pool": "fund-lyg",
        }
        assert {leg.due_on for leg in legs} == {date(2026, 3, 12)}

    def test_is_never_made_with_a_cap_left_out(self) -> None:
        result = split_loss(PACK, on=TODAY, loss_fen=100, facts={}, counters={})

        with pytest.raises(InvariantBroken):
            rules.split_of(
                result,
                cover=a_cover(PACK),
                loss_fen=100,
                recovered_fen=0,
                counters={},
                today=TODAY,
            )

    def test_is_never_made_by_another_pack_than_the_pinned_one(self) -> None:
        other = PACK.model_copy(update={"version": 2})
        inputs = a_year(1).as_inputs(PACK)
        result = split_loss(other, on=TODAY, loss_fen=100, facts={}, counters=inputs)

        with pytest.raises(InvariantBroken):
            rules.split_of(
                result,
                cover=a_cover(PACK),
                loss_fen=100,
                recovered_fen=0,
                counters=inputs,
                today=TODAY,
            )


class TestPayment:
    @pytest.mark.parametrize(
        ("paid_on", "taken"),
        [
            (date(2026, 2, 28), False),
            (date(2026, 3, 1), True),
            (TODAY, True),
            (date(2026, 3, 3), False),
        ],
    )
    def test_lies_between_the_decision_and_today(self, paid_on: date, taken: bool) -> None:  # noqa: FBT001 - a table of cases
        since = date(2026, 3, 1)
        if taken:
            paid = rules.pay(
                a_leg(), org="fund-lyg", paid_on=paid_on, reference="x", since=since, today=TODAY
            )
            assert (paid.paid_on, paid.reference, paid.is_due) == (paid_on, "x", False)
            return
        with pytest.raises(rules.PaymentDateInvalid):
            rules.pay(
                a_leg(), org="fund-lyg", paid_on=paid_on, reference="x", since=since, today=TODAY
            )

    @pytest.mark.parametrize(
        "leg", [a_leg(capped_fen=0), a_leg(paid_on=TODAY, reference="before")], ids=["none", "paid"]
    )
    def test_is_made_once_and_for_something(self, leg: rules.Leg) -> None:
        with pytest.raises(rules.LegNotDue):
            rules.pay(leg, org="fund-lyg", paid_on=TODAY, reference="x", since=TODAY, today=TODAY)

    def test_is_made_by_the_debtor(self) -> None:
        with pytest.raises(rules.NotTheDebtor):
            rules.pay(
                a_leg(), org="bank-haizhou", paid_on=TODAY, reference="x", since=TODAY, today=TODAY
            )

    def test_finds_the_partys_leg_and_leaves_the_others(self) -> None:
        legs = (a_leg("bank"), a_leg("pool"))
        paid = replace(rules.leg_of(legs, "pool"), paid_on=TODAY, reference="x")

        after = rules.replaced(legs, paid)

        assert after == (legs[0], paid)
        assert not rules.all_paid(after)
        assert [event.party for event in rules.legs_due(a_claim_id(), after)] == ["bank"]
        with pytest.raises(rules.LegNotFound):
            rules.leg_of(legs, "guarantor")


class TestRecovered:
    def test_adds_to_the_legs_of_who_received(self) -> None:
        legs = (a_leg("bank"), a_leg("pool", recovered_fen=1))

        after = rules.recovered(legs, {"pool": 499})

        assert [leg.recovered_fen for leg in after] == [0, 500]

    def test_never_exceeds_what_was_borne(self) -> None:
        with pytest.raises(InvariantBroken):
            rules.recovered((a_leg("pool", recovered_fen=1),), {"pool": 500})


def a_claim_id() -> UUID:
    """Return any id."""
    return UUID(int=1)


class TestApproval:
    @pytest.mark.parametrize(
        ("loss_fen", "limit_fen", "large"), [(9, None, False), (9, 9, False), (10, 9, True)]
    )
    def test_is_within_the_approvers_right(
        self, loss_fen: int, limit_fen: int | None, *, large: bool
    ) -> None:
        rules.require_approval(loss_fen, limit_fen, approves_large=large)

    def test_above_the_limit_takes_the_larger_right(self) -> None:
        with pytest.raises(rules.ApprovalAboveLimit, match=r"^the loss is above 9 fen$") as refused:
            rules.require_approval(10, 9, approves_large=False)

        [violation] = refused.value.violations
        assert (violation.code, violation.limit, violation.actual) == ("approval-limit", 9, 10)
        assert violation.zh == "损失超过 9 分"
