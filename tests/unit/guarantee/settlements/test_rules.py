"""Rules of the batch payments: each row judged by itself, as a single payment would be."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.guarantee.claims.rules import ClaimInOtherState, ClaimNotFound, ClaimState
from services.guarantee.settlements.rules import (
    Judged,
    Open,
    OtherFund,
    Payment,
    Row,
    RowRepeated,
    judge,
)
from shared.errors import DomainError, Malformed
from tests.support.cases import CLAIM, TODAY, a_claim, a_leg

FUND = "fund-lyg"
OTHER = UUID(int=5)


def opened(**changes: object) -> dict[UUID, Open]:
    claim = a_claim(state=ClaimState.APPROVED, approved_on=TODAY, **changes)
    return {CLAIM: Open(claim, (a_leg("pool"), a_leg("guarantor")))}


def row(claim_id: UUID = CLAIM, *, paid_on: date = TODAY) -> Row:
    return Row(claim_id, paid_on, "payment 1")


def pay(*rows: Row | Malformed, **changes: object) -> tuple[Judged, ...]:
    return judge(rows, opened(**changes), fund=FUND, today=TODAY)


class TestRows:
    def test_pay_the_funds_own_leg(self) -> None:
        [payment] = pay(row())

        assert isinstance(payment, Payment)
        assert (payment.leg.party, payment.leg.paid_on, payment.leg.reference) == (
            "pool",
            TODAY,
            "payment 1",
        )
        assert payment.claim.state is ClaimState.APPROVED
        assert len(payment.events) == 1

    def test_settle_a_claim_with_its_last_leg(self) -> None:
        claim = a_claim(state=ClaimState.APPROVED, approved_on=TODAY)
        paid = a_leg("guarantor", paid_on=TODAY, reference="r")

        [payment] = judge(
            [row()], {CLAIM: Open(claim, (a_leg("pool"), paid))}, fund=FUND, today=TODAY
        )

        assert isinstance(payment, Payment)
        assert (payment.claim.state, payment.claim.settled_on) == (ClaimState.SETTLED, TODAY)

    @pytest.mark.parametrize(
        ("changes", "refusal", "words"),
        [
            ({"fund": "fund-nfgf"}, OtherFund, f"claim {CLAIM} is shared by another fund"),
            ({"state": ClaimState.VERIFIED}, ClaimInOtherState, "verified"),
        ],
    )
    def test_are_refused_as_a_single_payment_would_be(
        self, changes: dict[str, object], refusal: type[DomainError], words: str
    ) -> None:
        claim = replace(a_claim(state=ClaimState.APPROVED, approved_on=TODAY), **changes)  # type: ignore[arg-type]  # checked at run time

        [found] = judge([row()], {CLAIM: Open(claim, (a_leg("pool"),))}, fund=FUND, today=TODAY)

        assert isinstance(found, refusal)
        assert words in found.detail

    def test_of_an_unknown_claim_are_refused(self) -> None:
        [found] = pay(row(OTHER))

        assert isinstance(found, ClaimNotFound)
        assert str(OTHER) in found.detail

    def test_paid_before_the_approval_are_refused(self) -> None:
        [found] = pay(row(paid_on=date(2026, 3, 1)))

        assert isinstance(found, DomainError)

    def test_do_not_stop_one_another(self) -> None:
        bad = Malformed("no reference")

        found = pay(bad, row(OTHER), row(), row(), row(OTHER))

        assert found[0] is bad
        assert isinstance(found[1], ClaimNotFound)
        assert isinstance(found[2], Payment)
        assert isinstance(found[3], RowRepeated)
        assert found[3].detail == f"claim {CLAIM} stands in an earlier row"
        assert isinstance(found[4], RowRepeated)
