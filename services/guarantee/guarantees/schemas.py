"""Responses of the guarantees: they begin by events, so there is no request."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Self, cast

from pydantic import Field

from services.guarantee.guarantees.rules import BROUGHT_BY_THE_BANK, Cover, GuaranteeState
from services.guarantee.guarantees.store import Stored
from shared.events.fields import UsccText
from shared.events.guarantee import GuaranteeType, ReleaseReason
from shared.web.fields import (
    Day,
    Fen,
    Id,
    Months,
    OrgCode,
    PositiveFen,
    Ppm,
    RatePpm,
    View,
)
from shared.web.paging import Page
from shared.web.problem import ViolationView
from shared.web.rule_packs import RulePackView, TraceStepView, stored_trace_view


class ShareView(View):
    """One party, the organisation that stands for it, and what it bears of a loss."""

    party: str = Field(examples=["guarantor"])
    org: OrgCode
    share_ppm: Ppm


class CoverView(View):
    """The terms of the letter, pinned on the enrolment date."""

    rule_pack: RulePackView
    tier: str = Field(examples=["tier_35"])
    shares: list[ShareView]
    facts: Annotated[dict[str, Any], Field(examples=[{"firm_categories": ["hnte"]}])]
    fund: OrgCode
    commitment_fen: Fen
    guarantee_type: Annotated[GuaranteeType, Field(examples=["joint_and_several"])]
    period_months: Months
    issued_on: Day

    @classmethod
    def of(cls, cover: Cover) -> Self:
        """Show a letter's terms."""
        pack = cover.pack
        return cls(
            rule_pack=RulePackView(id=pack.id, version=pack.version, digest=pack.digest),
            tier=cover.tier,
            shares=[
                ShareView(party=share.party, org=share.org, share_ppm=share.share_ppm)
                for share in cover.shares
            ],
            facts=dict(cover.facts),
            fund=cover.fund,
            commitment_fen=cover.commitment_fen,
            guarantee_type=cover.guarantee_type,
            period_months=cover.period_months,
            issued_on=cover.issued_on,
        )


class GuaranteeView(View):
    """A guarantee: ``cover`` is null and ``refusals`` say why where it was declined."""

    guarantee_id: Id
    loan_id: Id
    state: Annotated[GuaranteeState, Field(examples=["effective"])]
    programme: OrgCode
    uscc: UsccText
    bank: OrgCode
    guarantor: OrgCode
    amount_fen: PositiveFen
    covered_fen: Annotated[Fen, Field(description="drawn, at most what was enrolled; fen")]
    rate_ppm: RatePpm
    tenor_months: Months
    signed_on: Day
    requested_on: Day
    decided_on: Day
    effective_on: Day | None
    matures_on: Day | None
    closed_on: Day | None
    released_on: Day | None
    release_reason: Annotated[ReleaseReason | None, Field(examples=["settled"])]
    cover: CoverView | None
    refusals: list[ViolationView]
    trace: list[TraceStepView]
    version: int = Field(examples=[3])

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show a stored guarantee."""
        guarantee, application = stored.guarantee, stored.guarantee.application
        return cls(
            guarantee_id=guarantee.id,
            loan_id=application.loan_id,
            state=guarantee.state,
            programme=application.programme,
            uscc=application.uscc,
            bank=application.bank,
            guarantor=application.guarantor,
            amount_fen=application.amount_fen,
            covered_fen=guarantee.covered_fen,
            rate_ppm=application.rate_ppm,
            tenor_months=application.tenor_months,
            signed_on=application.signed_on,
            requested_on=application.requested_on,
            decided_on=guarantee.decided_on,
            effective_on=guarantee.effective_on,
            matures_on=guarantee.matures_on,
            closed_on=guarantee.closed_on,
            released_on=guarantee.released_on,
            release_reason=guarantee.release_reason,
            cover=None if guarantee.cover is None else CoverView.of(guarantee.cover),
            refusals=[ViolationView(**asdict(refusal)) for refusal in guarantee.refusals],
            trace=stored_trace_view(stored.trace),
            version=stored.version,
        )

    @classmethod
    def for_reader(cls, reader: str | None) -> "Callable[[Stored], GuaranteeView]":
        """Return how a reader is shown guarantees; None reads every one of them whole."""

        def view(stored: Stored) -> GuaranteeView:
            whole = cls.of(stored)
            return whole._without_others() if whole.bank == reader else whole

        return view

    def _without_others(self) -> Self:
        """Leave out what the bank did not bring: what the firm owes elsewhere is not for it.

        Source: 征信业管理条例 art. 40: querying an enterprise's credit needs its consent.
        """
        return self.model_copy(
            update={
                "refusals": [
                    refusal
                    if refusal.field in BROUGHT_BY_THE_BANK
                    else refusal.model_copy(update={"actual": None})
                    for refusal in self.refusals
                ],
                "trace": [_without_foreign_figure(step) for step in self.trace],
            }
        )


def _without_foreign_figure(step: TraceStepView) -> TraceStepView:
    told = dict(step)
    if "actual" in told and f"/{told.get('fact')}" not in BROUGHT_BY_THE_BANK:
        del told["actual"]
    return cast("TraceStepView", told)


GuaranteePage = Page[GuaranteeView]
