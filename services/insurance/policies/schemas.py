"""Requests and responses of the policies."""

from typing import Annotated, Self

from pydantic import Field

from services.insurance.policies.rules import MOST_INSURERS, PolicyState
from services.insurance.policies.store import Stored
from shared.web.fields import (
    Body,
    Count,
    Day,
    Fen,
    Id,
    OrgCode,
    PositiveFen,
    Ppm,
    RatePpm,
    UsccField,
    View,
)


class CoInsurerShare(Body):
    """One insurer's share in ppm."""

    insurer: Annotated[OrgCode, Field(examples=["insurer-lead"])]
    share_ppm: Annotated[Ppm, Field(gt=0)]


class BindPolicy(Body):
    """A policy; the lead insurer stands first and the shares sum to 1,000,000 ppm."""

    qualification_id: Id
    liability_limit_fen: PositiveFen
    rate_ppm: RatePpm
    co_insurers: Annotated[list[CoInsurerShare], Field(min_length=1, max_length=MOST_INSURERS)]


class PayPremium(Body):
    """The payment of the whole premium."""

    amount_fen: PositiveFen
    paid_on: Day


class CoInsurerView(View):
    """One insurer's part."""

    insurer: Annotated[OrgCode, Field(examples=["insurer-lead"])]
    share_ppm: Ppm
    premium_fen: Fen


class PolicyView(View):
    """A policy as its insurers see it."""

    policy_id: Id
    qualification_id: Id
    uscc: UsccField
    lead_insurer: Annotated[OrgCode, Field(examples=["insurer-lead"])]
    co_insurers: list[CoInsurerView]
    liability_limit_fen: Fen
    rate_ppm: RatePpm
    premium_fen: Fen
    state: Annotated[PolicyState, Field(examples=["bound"])]
    bound_on: Day
    paid_on: Day | None
    version: Count

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show a stored policy."""
        policy = stored.policy
        return cls(
            policy_id=policy.id,
            qualification_id=policy.qualification_id,
            uscc=policy.uscc.code,
            lead_insurer=policy.lead,
            co_insurers=[
                CoInsurerView(
                    insurer=part.insurer,
                    share_ppm=part.share_ppm,
                    premium_fen=part.premium_fen,
                )
                for part in policy.co_insurers
            ],
            liability_limit_fen=policy.liability_limit_fen,
            rate_ppm=policy.rate_ppm,
            premium_fen=policy.premium_fen,
            state=policy.state,
            bound_on=policy.bound_on,
            paid_on=policy.paid_on,
            version=stored.version,
        )
