"""Requests and responses of the enrolment checks."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field

from services.guarantee.enrolments.rules import Decision, Terms
from shared.web.fields import (
    Body,
    Day,
    Fen,
    Months,
    OrgCode,
    PositiveFen,
    Ppm,
    RatePpm,
    UsccField,
    View,
)

Party = Annotated[str, Field(examples=["guarantor"])]


class EnrolmentCheck(Body):
    """The loan that a bank thinks of enrolling; ``bank`` is the caller's own where left out."""

    bank: OrgCode | None = None
    uscc: UsccField
    amount_fen: PositiveFen
    rate_ppm: RatePpm
    tenor_months: Months
    signed_on: Day

    def terms(self, *, bank: str, today: date) -> Terms:
        """Read the terms as asked on a business date."""
        return Terms(
            uscc=self.uscc,
            bank=bank,
            amount_fen=self.amount_fen,
            rate_ppm=self.rate_ppm,
            tenor_months=self.tenor_months,
            signed_on=self.signed_on,
            requested_on=today,
        )


class CheckedShare(View):
    """What one party would bear."""

    party: Party
    share_ppm: Ppm


class EnrolmentCheckView(View):
    """The programme would take the loan: in which tier, shared how, at what cost to the fund."""

    accepted: Literal[True] = Field(default=True, examples=[True])
    tier: str = Field(examples=["tier_35"])
    shares: list[CheckedShare]
    commitment_fen: Fen

    @classmethod
    def of(cls, decision: Decision) -> Self:
        """Show an accepted decision, shares in the order that its pack declares."""
        shares = decision.shares
        return cls(
            tier="" if decision.tier is None else decision.tier.name,
            shares=[CheckedShare(party=party, share_ppm=ppm) for party, ppm in shares.items()],
            commitment_fen=decision.commitment_fen,
        )
