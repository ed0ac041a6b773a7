"""When a guarantee ends without a claim: the loan's end, the period's end, and what holds it."""

from collections.abc import Collection
from datetime import date

import pytest

from services.guarantee.claims.rules import ClaimState
from services.guarantee.guarantees.rules import GuaranteeState
from services.guarantee.programmes.handlers import shipped_packs
from services.guarantee.releases.rules import last_day, why_release, why_release_undrawn
from tests.support.cases import a_guarantee, a_loan

PACK = shipped_packs().get("sip-yuankedai", on=date(2026, 3, 2))
LAST = date(2026, 8, 2)
REPAID = a_loan(principal_outstanding_fen=0, closed_on=date(2026, 7, 1))
C = ClaimState
OPEN = sorted(set(ClaimState) - {C.REJECTED})


def reason(
    *, repaid: bool = False, claims: Collection[ClaimState] = (), is_over: bool = False
) -> str | None:
    loan = REPAID if repaid else a_loan()
    return why_release(a_guarantee(PACK), loan=loan, claims=claims, period_is_over=is_over)


class TestWhyRelease:
    @pytest.mark.parametrize("claims", [(), (C.REJECTED,)])
    def test_is_the_repaid_loan_where_no_claim_is_open(self, claims: Collection[C]) -> None:
        assert reason(repaid=True, claims=claims) == "settled"
        assert reason(repaid=True, claims=claims, is_over=True) == "settled"

    @pytest.mark.parametrize("state", OPEN)
    @pytest.mark.parametrize("is_over", [False, True])
    def test_is_none_while_a_claim_is_open(self, state: ClaimState, is_over: bool) -> None:  # noqa: FBT001 -- a case of the table
        for repaid in (False, True):
            assert reason(repaid=repaid, claims=(C.REJECTED, state), is_over=is_over) is None

    def test_is_the_period_from_the_day_after_its_last(self) -> None:
        assert last_day(a_guarantee(PACK)) == LAST
        assert [reason(is_over=over) for over in (False, True)] == [None, "expired"]

    def test_is_none_after_the_period_where_a_claim_was_filed_in_time(self) -> None:
        assert reason(claims=(C.REJECTED,), is_over=True) is None

    @pytest.mark.parametrize("state", sorted(set(GuaranteeState) - {GuaranteeState.EFFECTIVE}))
    def test_is_none_for_what_is_not_in_force(self, state: GuaranteeState) -> None:
        guarantee = a_guarantee(PACK, state=state)

        assert why_release(guarantee, loan=REPAID, claims=(), period_is_over=True) is None
        assert last_day(guarantee) is None


class TestWhyReleaseUndrawn:
    @pytest.mark.parametrize("state", GuaranteeState)
    def test_ends_a_letter_alone(self, state: GuaranteeState) -> None:
        found = why_release_undrawn(a_guarantee(PACK, state=state))

        assert found == ("withdrawn" if state is GuaranteeState.ISSUED else None)
