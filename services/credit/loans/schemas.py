"""Requests and responses of the loans."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.credit.loans.rules import LoanState, Stored
from shared.events.credit import Classification
from shared.web.fields import (
    Body,
    Count,
    Day,
    Fen,
    Id,
    Months,
    OrgCode,
    PositiveFen,
    RatePpm,
    Text,
    UsccField,
    View,
)
from shared.web.paging import Page


class ContractLoan(Body):
    """A signed contract: of an accepted offer (``demand_id``) or with an enterprise (``uscc``)."""

    demand_id: Id | None = None
    uscc: UsccField | None = None
    bank_reference: Annotated[Text, Field(max_length=100, examples=["HZ-2026-0001"])]
    amount_fen: PositiveFen
    rate_ppm: RatePpm
    tenor_months: Months
    signed_on: Day

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.demand_id is None) == (self.uscc is None):
            raise PydanticCustomError("one_of", "give demand_id or uscc, not both, not neither")
        return self


class RequestEnrolment(Body):
    """The programme to enrol in, and who guarantees."""

    programme: Annotated[OrgCode, Field(examples=["nfgf-scitech"])]
    guarantor: Annotated[OrgCode, Field(examples=["guarantor-ges"])]


class Draw(Body):
    """When the loan was paid out."""

    disbursed_on: Day


class Withdraw(Body):
    """When the contract was given up."""

    withdrawn_on: Day


class LoanView(View):
    """A loan as its bank and its supervisors see it."""

    loan_id: Id
    bank: OrgCode
    bank_reference: Annotated[str, Field(examples=["HZ-2026-0001"])]
    uscc: UsccField
    demand_id: Id | None
    amount_fen: Fen
    rate_ppm: RatePpm
    tenor_months: Months
    signed_on: Day
    state: Annotated[LoanState, Field(examples=["drawn"])]
    programme: OrgCode | None
    guarantor: OrgCode | None
    guarantee_id: Id | None
    enrolled_on: Day | None
    refusal_codes: Annotated[list[str], Field(examples=[["breaker-suspended"]])]
    disbursed_on: Day | None
    matures_on: Day | None
    overdue_since: Day | None
    principal_outstanding_fen: Fen | None
    reported_on: Day | None
    classification: Annotated[Classification | None, Field(examples=["substandard"])]
    classified_on: Day | None
    claim_id: Id | None
    compensated_fen: Fen | None
    closed_on: Day | None
    settled_on: Day | None
    withdrawn_on: Day | None
    version: Count

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show a stored loan."""
        loan = stored.loan
        return cls(
            loan_id=loan.id,
            bank=loan.bank,
            bank_reference=loan.bank_reference,
            uscc=loan.uscc.code,
            demand_id=loan.demand_id,
            amount_fen=loan.amount_fen,
            rate_ppm=loan.rate_ppm,
            tenor_months=loan.tenor_months,
            signed_on=loan.signed_on,
            state=loan.state,
            programme=loan.programme,
            guarantor=loan.guarantor,
            guarantee_id=loan.guarantee_id,
            enrolled_on=loan.enrolled_on,
            refusal_codes=list(loan.refusal_codes),
            disbursed_on=loan.disbursed_on,
            matures_on=loan.matures_on,
            overdue_since=loan.overdue_since,
            principal_outstanding_fen=loan.principal_outstanding_fen,
            reported_on=loan.reported_on,
            classification=loan.classification,
            classified_on=loan.classified_on,
            claim_id=loan.claim_id,
            compensated_fen=loan.compensated_fen,
            closed_on=loan.closed_on,
            settled_on=loan.settled_on,
            withdrawn_on=loan.withdrawn_on,
            version=stored.version,
        )


LoanPage = Page[LoanView]
