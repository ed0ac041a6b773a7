"""A loan and its demand for tests of credit's rules, in any state."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from services.credit.demands.rules import Demand, DemandId, DemandState, Offer, OfferId
from services.credit.loans.rules import Loan, LoanId
from shared.uscc import Uscc
from tests.support.city import FIRM

TODAY = date(2026, 6, 30)
DRAWN_ON = date(2026, 1, 5)
OFFER = OfferId(UUID(int=11))

_OFFER = Offer(
    id=OFFER, bank="bank-haizhou", amount_fen=400_000_000, rate_ppm=38_000, tenor_months=12
)
_DEMAND = Demand(
    id=DemandId(UUID(int=10)),
    uscc=Uscc(FIRM),
    amount_fen=400_000_000,
    tenor_months=12,
    purpose="研发",
)
_LOAN = Loan(
    id=LoanId(UUID(int=12)),
    bank="bank-haizhou",
    bank_reference="HZ-1",
    uscc=Uscc(FIRM),
    demand_id=None,
    amount_fen=400_000_000,
    rate_ppm=38_000,
    tenor_months=12,
    signed_on=date(2026, 1, 4),
    programme="nfgf-scitech",
    guarantor="guarantor-ges",
    disbursed_on=DRAWN_ON,
)


def an_offer(**changes: Any) -> Offer:  # noqa: ANN401 - any field of it
    """One bank's offer of what is asked."""
    return replace(_OFFER, **changes)


def a_demand(state: DemandState = DemandState.SUBMITTED) -> Demand:
    """A demand in a state, with the one offer that the state implies."""
    if state is DemandState.SUBMITTED:
        return _DEMAND
    accepted = None if state is DemandState.OFFERED else OFFER
    return replace(_DEMAND, state=state, offers=(_OFFER,), accepted=accepted)


def a_loan(**changes: Any) -> Loan:  # noqa: ANN401 - any field of it
    """A loan of 4,000,000.00 yuan over a year, contracted unless changed."""
    return replace(_LOAN, **changes)
