"""What the REST answers about a split loss say; amounts are fen, shares ppm."""

from collections.abc import Sequence
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from services.guarantee.losses.rules import Leg, Split
from shared.web.fields import Day, Fen, Id, OrgCode, Ppm, View
from shared.web.rule_packs import RulePackView, TraceStepView, stored_trace_view


class LegView(View):
    """What one party bears; ``amount_fen`` = ``capped_fen`` + ``overflow_fen``."""

    party: str = Field(examples=["bank"])
    org: OrgCode
    share_ppm: Ppm
    base_fen: Annotated[Fen, Field(examples=[66_666_667])]
    capped_fen: Annotated[Fen, Field(examples=[66_666_667])]
    overflow_fen: Annotated[Fen, Field(examples=[0])]
    amount_fen: Annotated[Fen, Field(examples=[66_666_667])]
    due_on: Day
    paid_on: Day | None
    reference: str | None = Field(examples=["KJ-2026-0412"])
    recovered_fen: Annotated[Fen, Field(examples=[0])]

    @classmethod
    def of(cls, leg: Leg) -> Self:
        """Show a leg."""
        return cls(
            party=leg.party,
            org=leg.org,
            share_ppm=leg.share_ppm,
            base_fen=leg.base_fen,
            capped_fen=leg.capped_fen,
            overflow_fen=leg.overflow_fen,
            amount_fen=leg.amount_fen,
            due_on=leg.due_on,
            paid_on=leg.paid_on,
            reference=leg.reference,
            recovered_fen=leg.recovered_fen,
        )


class SplitInputs(View):
    """What the split was computed from; ``POST /v1/loss-splits/quote`` takes it as it is."""

    on: Day
    loss_fen: Fen
    recovered_fen: Annotated[Fen, Field(examples=[0])]
    facts: dict[str, Any] = Field(examples=[{"firm_categories": ["hnte"]}])
    counters: dict[str, int] = Field(examples=[{"claims_paid_this_year_fen": 960_000_000}])


class SplitView(View):
    """The whole decision: Σ ``base_fen`` = Σ ``amount_fen`` = ``eligible_loss_fen``."""

    claim_id: Id
    rule_pack: RulePackView
    tier: str = Field(examples=["tier_35"])
    eligible_loss_fen: Fen
    legs: list[LegView]
    inputs: SplitInputs
    counter_moves: dict[str, int] = Field(examples=[{"claims_paid_this_year_fen": 333_333_333}])
    year: int = Field(description="the year whose counters moved", examples=[2026])
    decided_on: Day
    digest: str = Field(examples=[f"sha256:{'0' * 64}"])
    trace: list[TraceStepView]
    version: int = Field(description="of the claim", examples=[7])

    @classmethod
    def of(cls, claim_id: UUID, split: Split, legs: Sequence[Leg], *, version: int) -> Self:
        """Show a decision with the legs as they stand now."""
        return cls(
            claim_id=claim_id,
            rule_pack=RulePackView(
                id=split.pack.id, version=split.pack.version, digest=split.pack.digest
            ),
            tier=split.tier,
            eligible_loss_fen=split.eligible_loss_fen,
            legs=[LegView.of(leg) for leg in legs],
            inputs=SplitInputs(
                on=split.on,
                loss_fen=split.loss_fen,
                recovered_fen=split.recovered_fen,
                facts=dict(split.facts),
                counters=dict(split.counters),
            ),
            counter_moves=dict(split.counter_moves),
            year=split.year,
            decided_on=split.decided_on,
            digest=split.digest,
            trace=stored_trace_view(split.trace),
            version=version,
        )
