"""Requests and responses of the claims."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from services.guarantee.claims.handlers import Case, Filing, Payment
from services.guarantee.claims.rules import ClaimState, Document
from services.guarantee.losses.schemas import LegView
from shared.events.fields import Word
from shared.web.fields import Body, Day, Digest, Fen, Id, OrgCode, PositiveFen, Text, View
from shared.web.paging import Page

Reference = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, strip_whitespace=True),
    Field(description="the payer's own reference", examples=["KJ-2026-0412"]),
]


class DocumentField(Body):
    """Evidence by kind and content; the document itself stays with the bank."""

    kind: Annotated[Word, Field(examples=["loan_contract"])]
    sha256: Digest


class FileClaim(Body):
    """What a bank claims: the principal outstanding, less what it recovered itself.

    The day of filing is the business date on which the claim is received; it is not the bank's to
    state.
    """

    guarantee_id: Id
    principal_outstanding_fen: PositiveFen
    recovered_fen: Annotated[Fen, Field(examples=[0])] = 0
    documents: Annotated[list[DocumentField], Field(min_length=1, max_length=50)]

    def filing(self) -> Filing:
        """Read the body as the use case takes it."""
        return Filing(
            guarantee_id=self.guarantee_id,
            principal_outstanding_fen=self.principal_outstanding_fen,
            recovered_fen=self.recovered_fen,
            documents=tuple(Document(one.kind, one.sha256) for one in self.documents),
        )


class RejectClaim(Body):
    """Why a claim is refused."""

    reason: Text


class PayLeg(Body):
    """When a leg was paid, under which reference; the bank confirms in the same way."""

    paid_on: Day
    reference: Reference

    def payment(self, party: str) -> Payment:
        """Read the body as the use case takes it."""
        return Payment(party=party, paid_on=self.paid_on, reference=self.reference)


class ClaimView(View):
    """A claim as its parties see it; ``legs`` is empty before the approval."""

    claim_id: Id
    guarantee_id: Id
    loan_id: Id
    programme: Annotated[OrgCode, Field(examples=["nfgf-scitech"])]
    bank: OrgCode
    guarantor: Annotated[OrgCode, Field(examples=["guarantor-ges"])]
    fund: Annotated[OrgCode, Field(examples=["fund-lyg"])]
    state: Annotated[ClaimState, Field(examples=["approved"])]
    covered_fen: Annotated[Fen, Field(examples=[400_000_000])]
    principal_outstanding_fen: Fen
    recovered_before_fen: Annotated[Fen, Field(examples=[0])]
    documents: list[DocumentField]
    filed_on: Day
    filed_by: str = Field(examples=["clerk-7"])
    verified_by: str | None = Field(examples=["maker-1"])
    approved_by: str | None = Field(examples=["checker-2"])
    approved_on: Day | None
    rejected_by: str | None = Field(examples=[None])
    rejection_reason: str | None = Field(examples=[None])
    eligible_loss_fen: Fen | None
    legs: list[LegView]
    settled_on: Day | None
    closed_on: Day | None
    late_stages: list[str] = Field(
        description="stages that lasted longer than they should", examples=[["filed"]]
    )
    version: int = Field(examples=[7])

    @classmethod
    def of(cls, case: Case) -> Self:
        """Show a claim."""
        claim = case.claim
        return cls(
            claim_id=UUID(str(claim.id)),
            guarantee_id=claim.guarantee_id,
            loan_id=claim.loan_id,
            programme=claim.programme,
            bank=claim.bank,
            guarantor=claim.guarantor,
            fund=claim.fund,
            state=claim.state,
            covered_fen=claim.covered_fen,
            principal_outstanding_fen=claim.principal_outstanding_fen,
            recovered_before_fen=claim.recovered_before_fen,
            documents=[DocumentField(kind=d.kind, sha256=d.sha256) for d in claim.documents],
            filed_on=claim.filed_on,
            filed_by=claim.filed_by,
            verified_by=claim.verified_by,
            approved_by=claim.approved_by,
            approved_on=claim.approved_on,
            rejected_by=claim.rejected_by,
            rejection_reason=claim.rejection_reason,
            eligible_loss_fen=claim.eligible_loss_fen,
            legs=[LegView.of(leg) for leg in case.legs],
            settled_on=claim.settled_on,
            closed_on=claim.closed_on,
            late_stages=list(case.late),
            version=case.version,
        )


ClaimPage = Page[ClaimView]
