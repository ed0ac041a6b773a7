"""Rules of the recoveries: cash is conserved and nobody receives more than it bore."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.guarantee.claims.rules import Claim, ClaimInOtherState, ClaimState, NotTheGuarantor
from services.guarantee.losses.rules import Leg, recovered
from services.guarantee.recoveries import rules
from services.guarantee.recoveries.rules import Receipt, Recovery, RecoveryId
from tests.support.cases import TODAY, a_claim, a_leg

FILED_ON = date(2026, 2, 27)
SETTLED = a_claim(state=ClaimState.SETTLED, filed_on=FILED_ON, approved_on=date(2026, 3, 1))
BORNE = (
    a_leg("bank", capped_fen=40_000_000, base_fen=40_000_000),
    a_leg("guarantor", capped_fen=30_000_000, base_fen=30_000_000),
    a_leg("pool", capped_fen=130_000_000, base_fen=130_000_000),
)


def a_receipt(**changes: Any) -> Receipt:  # noqa: ANN401 - any field of the receipt
    """Build 800,000 yuan, 50,000 of them costs."""
    receipt = Receipt(
        cash_fen=80_000_000,
        costs_fen=5_000_000,
        surplus_fen=0,
        received_on=TODAY,
        reference="x",
    )
    return replace(receipt, **changes)


def allocate(
    receipt: Receipt,
    legs: tuple[Leg, ...] = BORNE,
    *,
    claim: Claim = SETTLED,
    org: str = "guarantor-ges",
) -> Recovery:
    """Share a receipt."""
    recovery, event = rules.allocate(
        RecoveryId(UUID(int=1)), claim, legs, receipt, by="clerk", org=org, today=TODAY
    )
    assert {each.party: each.amount_fen for each in event.allocations} == recovery.received
    return recovery


class TestAllocate:
    def test_pays_costs_first_then_by_borne_loss(self) -> None:
        recovery = allocate(a_receipt())

        assert recovery.received == {
            "bank": 15_000_000,
            "guarantor": 11_250_000,
            "pool": 48_750_000,
        }
        assert recovery.costs_paid_fen == 5_000_000

    def test_pays_no_more_costs_than_came_in(self) -> None:
        recovery = allocate(a_receipt(cash_fen=3, costs_fen=5))

        assert recovery.costs_paid_fen == 3
        assert sum(recovery.received.values()) == 0

    @pytest.mark.parametrize("declared", [0, 1, 3])
    def test_wants_the_surplus_declared_to_the_fen(self, declared: int) -> None:
        receipt = a_receipt(cash_fen=205_000_002, surplus_fen=declared)

        with pytest.raises(rules.SurplusUndeclared) as refused:
            allocate(receipt)

        assert [(v.field, v.limit) for v in refused.value.violations] == [("/surplus_fen", 2)]
        taken = allocate(replace(receipt, surplus_fen=2))
        assert sum(taken.received.values()) == 200_000_000

    @pytest.mark.parametrize("day", [date(2026, 2, 26), date(2026, 3, 3)])
    def test_refuses_cash_of_another_time(self, day: date) -> None:
        with pytest.raises(rules.ReceiptDateInvalid):
            allocate(a_receipt(received_on=day))

    @pytest.mark.parametrize("day", [FILED_ON, TODAY])
    def test_takes_cash_from_the_day_of_the_filing_on(self, day: date) -> None:
        assert allocate(a_receipt(received_on=day)).receipt.received_on == day

    def test_is_the_guarantors(self) -> None:
        with pytest.raises(NotTheGuarantor):
            allocate(a_receipt(), org="bank-haizhou")

    def test_of_a_closed_claim_is_shared_like_any_other(self) -> None:
        closed = replace(SETTLED, state=ClaimState.CLOSED)

        assert allocate(a_receipt(), claim=closed).received == allocate(a_receipt()).received

    @pytest.mark.parametrize(
        "state", sorted(set(ClaimState) - {ClaimState.SETTLED, ClaimState.CLOSED})
    )
    def test_follows_the_settlement(self, state: ClaimState) -> None:
        with pytest.raises(ClaimInOtherState):
            rules.allocate(
                RecoveryId(UUID(int=1)),
                a_claim(state=state),
                BORNE,
                a_receipt(),
                by="clerk",
                org="guarantor-ges",
                today=TODAY,
            )

    @given(
        borne=st.lists(st.integers(0, 10**12), min_size=3, max_size=3).filter(any),
        receipts=st.lists(
            st.tuples(st.integers(1, 10**12), st.integers(0, 10**6)), min_size=1, max_size=8
        ),
    )
    def test_conserves_every_receipt_and_never_gives_more_than_was_borne(
        self, borne: list[int], receipts: list[tuple[int, int]]
    ) -> None:
        legs = tuple(
            a_leg(party, base_fen=fen, capped_fen=fen)
            for party, fen in zip(("bank", "guarantor", "pool"), borne, strict=True)
        )

        for cash, costs in receipts:
            missing = sum(leg.amount_fen - leg.recovered_fen for leg in legs)
            surplus = max(0, cash - min(cash, costs) - missing)
            recovery = allocate(
                a_receipt(cash_fen=cash, costs_fen=costs, surplus_fen=surplus), legs
            )
            shared = sum(recovery.received.values())
            assert shared + recovery.costs_paid_fen + surplus == cash
            legs = recovered(legs, recovery.received)
            assert all(leg.recovered_fen <= leg.amount_fen for leg in legs)
