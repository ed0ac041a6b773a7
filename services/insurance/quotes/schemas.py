"""Requests and responses of the what-if endpoints; amounts are fen, shares ppm."""

from typing import Annotated, Self

from pydantic import Field

from services.insurance.quotes.rules import CededLeg
from shared.rulepack.subsidies import SubsidyResult
from shared.web.fields import Body, Fen, OrgCode, Ppm, View
from shared.web.rule_packs import RulePackView, TraceStepView, trace_view


class PremiumSubsidyQuote(View):
    """The subsidy of a premium."""

    rule_pack: RulePackView
    premium_fen: Annotated[Fen, Field(examples=[100_000_000])]
    subsidy_base_fen: Annotated[Fen, Field(examples=[100_000_000])]
    subsidy_fen: Annotated[Fen, Field(examples=[70_000_000])]
    trace: list[TraceStepView]

    @classmethod
    def of(cls, result: SubsidyResult) -> Self:
        """Show a quoted subsidy."""
        return cls(
            rule_pack=RulePackView.of(result.pack),
            premium_fen=result.gross_fen,
            subsidy_base_fen=result.base_fen,
            subsidy_fen=result.subsidy_fen,
            trace=trace_view(result.trace),
        )


class InsurerShare(Body):
    """One insurer's share."""

    insurer: Annotated[OrgCode, Field(examples=["insurer-lead"])]
    share_ppm: Ppm


class QuoteCoinsuranceSplit(Body):
    """A claim to split among co-insurers, in the order that breaks ties."""

    claim_fen: Fen
    shares: Annotated[list[InsurerShare], Field(min_length=1, max_length=50)]
    cessions: Annotated[
        dict[OrgCode, Ppm],
        Field(default_factory=dict, examples=[{"insurer-lead": 300_000}], max_length=50),
    ]


class CoinsuranceLeg(View):
    """One insurer's part: ``gross_fen`` = ``ceded_fen`` + ``retained_fen``."""

    insurer: Annotated[OrgCode, Field(examples=["insurer-lead"])]
    gross_fen: Annotated[Fen, Field(examples=[40_000_001])]
    ceded_fen: Annotated[Fen, Field(examples=[12_000_000])]
    retained_fen: Annotated[Fen, Field(examples=[28_000_001])]


class CoinsuranceSplitQuote(View):
    """A split claim: the gross parts sum to it."""

    legs: list[CoinsuranceLeg]

    @classmethod
    def of(cls, legs: list[CededLeg]) -> Self:
        """Show a split claim."""
        return cls(
            legs=[
                CoinsuranceLeg(
                    insurer=leg.insurer,
                    gross_fen=leg.gross_fen,
                    ceded_fen=leg.ceded_fen,
                    retained_fen=leg.gross_fen - leg.ceded_fen,
                )
                for leg in legs
            ]
        )
