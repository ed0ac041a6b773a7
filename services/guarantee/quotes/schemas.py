"""Requests and responses of the what-if endpoints; amounts are fen, rates and shares ppm."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field

from shared.events.fields import Word
from shared.rulepack.breakers import BreakerResult
from shared.rulepack.capacities import CapacityResult
from shared.rulepack.fees import FeeResult
from shared.rulepack.paybacks import PaybackResult
from shared.rulepack.splitting import RecoverySplit, SplitResult
from shared.rulepack.stages import Leg
from shared.rulepack.terms import Finding, TermsResult
from shared.rulepack.trace import Figure
from shared.web.fields import Body, Fen, Ppm, View
from shared.web.rule_packs import MAX_NAMES, Question, RulePackView, TraceStepView, trace_view

Numbers = Annotated[
    dict[str, object],
    Field(max_length=MAX_NAMES, description="non-negative integers by name", examples=[{}]),
]


class QuoteLossSplit(Question):
    """A loss to split; ``counters`` that are left out leave their caps out of the answer."""

    loss_fen: Fen
    recovered_fen: Annotated[Fen, Field(examples=[0])] = 0
    counters: Numbers = Field(default_factory=dict)


class BorneLoss(Body):
    """What one party bore."""

    party: Word
    borne_fen: Fen


class QuoteRecoverySplit(Body):
    """Cash that came back, and who bore what, in the order that breaks ties."""

    borne: Annotated[list[BorneLoss], Field(min_length=1, max_length=MAX_NAMES)]
    cash_fen: Fen
    costs_fen: Annotated[Fen, Field(examples=[0])] = 0


class CheckTerms(Question):
    """Terms to check; ``lpr`` is the loan prime rate by tenor, of the vintage that applies."""

    lpr: Annotated[Numbers, Field(examples=[{"1Y": 30_000, "5Y": 35_000}])] = Field(
        default_factory=dict
    )


class CheckBreaker(Question):
    """Metrics to hold against a pack's breakers; ``scope`` says whose metrics they are."""

    metrics: Annotated[
        Numbers,
        Field(
            examples=[
                {
                    "npl_principal_loss_fen": 800_000_000,
                    "prior_year_end_balance_fen": 8_000_000_000,
                }
            ]
        ),
    ]
    scope: Annotated[
        dict[str, str] | None,
        Field(max_length=MAX_NAMES, examples=[{"bank": "bank-haizhou"}]),
    ] = None


class LegView(View):
    """What one party bears; ``amount_fen`` = ``capped_fen`` + ``overflow_fen``."""

    party: str = Field(examples=["bank"])
    share_ppm: Ppm
    base_fen: Annotated[Fen, Field(examples=[66_666_667])]
    capped_fen: Annotated[Fen, Field(examples=[66_666_667])]
    overflow_fen: Annotated[Fen, Field(examples=[0])]
    amount_fen: Annotated[Fen, Field(examples=[66_666_667])]

    @classmethod
    def of(cls, leg: Leg) -> Self:
        """Show a leg."""
        return cls(
            party=leg.party,
            share_ppm=leg.share_ppm,
            base_fen=leg.base_fen,
            capped_fen=leg.capped_fen,
            overflow_fen=leg.overflow_fen,
            amount_fen=leg.amount_fen,
        )


class LossSplitQuote(View):
    """A split loss: Σ ``base_fen`` = Σ ``amount_fen`` = ``eligible_loss_fen``."""

    rule_pack: RulePackView
    tier: str = Field(examples=["tier_35"])
    eligible_loss_fen: Fen
    legs: list[LegView]
    caps_not_applied: list[str] = Field(examples=[["compensation_rate"]])
    digest: str = Field(examples=[f"sha256:{'0' * 64}"])
    trace: list[TraceStepView]

    @classmethod
    def of(cls, result: SplitResult) -> Self:
        """Show a split."""
        return cls(
            rule_pack=RulePackView.of(result.pack),
            tier=result.tier,
            eligible_loss_fen=result.eligible_loss_fen,
            legs=[LegView.of(leg) for leg in result.legs],
            caps_not_applied=list(result.caps_not_applied),
            digest=result.digest,
            trace=trace_view(result.trace),
        )


class RecoveryLegView(View):
    """What one party receives."""

    party: str = Field(examples=["bank"])
    amount_fen: Annotated[Fen, Field(examples=[15_000_000])]


class RecoverySplitQuote(View):
    """Σ legs + ``costs_paid_fen`` + ``surplus_fen`` = the cash."""

    legs: list[RecoveryLegView]
    costs_paid_fen: Annotated[Fen, Field(examples=[5_000_000])]
    surplus_fen: Annotated[Fen, Field(examples=[0])]
    trace: list[TraceStepView]

    @classmethod
    def of(cls, result: RecoverySplit) -> Self:
        """Show a split recovery."""
        return cls(
            legs=[RecoveryLegView(party=x.party, amount_fen=x.amount_fen) for x in result.legs],
            costs_paid_fen=result.costs_paid_fen,
            surplus_fen=result.surplus_fen,
            trace=trace_view(result.trace),
        )


class FindingView(View):
    """One limit that the terms break."""

    code: str = Field(examples=["amount"])
    fact: str = Field(examples=["amount_fen"])
    limit: Figure = Field(examples=[500_000_000])
    actual: Figure = Field(examples=[500_000_001])
    zh: str = Field(examples=["单户不超过 500 万元"])
    en: str = Field(examples=["at most 5 million yuan"])

    @classmethod
    def all_of(cls, findings: Sequence[Finding]) -> list[Self]:
        """Show findings in their order."""
        return [
            cls(code=f.code, fact=f.fact, limit=f.limit, actual=f.actual, zh=f.zh, en=f.en)
            for f in findings
        ]


class TermsCheck(View):
    """Whether the terms are accepted; warnings do not refuse."""

    rule_pack: RulePackView
    accepted: bool = Field(examples=[False])
    refusals: list[FindingView]
    warnings: list[FindingView]
    trace: list[TraceStepView]

    @classmethod
    def of(cls, result: TermsResult) -> Self:
        """Show checked terms."""
        return cls(
            rule_pack=RulePackView.of(result.pack),
            accepted=result.accepted,
            refusals=FindingView.all_of(result.refusals),
            warnings=FindingView.all_of(result.warnings),
            trace=trace_view(result.trace),
        )


class BreakerCheck(View):
    """The state that the metrics put a breaker into; ``ratio_ppm`` is rounded down, for people."""

    rule_pack: RulePackView
    breaker: str = Field(examples=["bad_loan_ratio"])
    state: Literal["normal", "warning", "suspended"] = Field(examples=["suspended"])
    ratio_ppm: int | None = Field(examples=[100_000])
    threshold_ppm: int = Field(examples=[100_000])
    warning_ppm: int | None = Field(examples=[None])
    scope: Mapping[str, str] | None = Field(examples=[{"bank": "bank-haizhou"}])
    trace: list[TraceStepView]

    @classmethod
    def of(cls, result: BreakerResult, scope: Mapping[str, str] | None) -> Self:
        """Show a checked breaker with the scope that the metrics were said to have."""
        return cls(
            rule_pack=RulePackView.of(result.pack),
            breaker=result.breaker,
            state=result.state,
            ratio_ppm=result.ratio_ppm,
            threshold_ppm=result.threshold_ppm,
            warning_ppm=result.warning_ppm,
            scope=scope,
            trace=trace_view(result.trace),
        )


class FeeQuote(View):
    """The fee by the first row that takes the case."""

    rule_pack: RulePackView
    fee: str = Field(examples=["small"])
    fee_fen: Annotated[Fen, Field(examples=[300_000])]
    trace: list[TraceStepView]

    @classmethod
    def of(cls, result: FeeResult) -> Self:
        """Show a fee."""
        return cls(
            rule_pack=RulePackView.of(result.pack),
            fee=result.fee,
            fee_fen=result.fee_fen,
            trace=trace_view(result.trace),
        )


class ReimbursementQuote(View):
    """What is paid back, by the first row that takes the case."""

    rule_pack: RulePackView
    reimbursement: str = Field(examples=["bank"])
    reimbursement_fen: Annotated[Fen, Field(examples=[70_000_000])]
    trace: list[TraceStepView]

    @classmethod
    def of(cls, result: PaybackResult) -> Self:
        """Show a reimbursement."""
        return cls(
            rule_pack=RulePackView.of(result.pack),
            reimbursement=result.payback,
            reimbursement_fen=result.payback_fen,
            trace=trace_view(result.trace),
        )


class CapacityCheck(View):
    """Whether a new liability fits; ``headroom_fen`` is what could have been taken on before it."""

    rule_pack: RulePackView
    accepted: bool = Field(examples=[False])
    refusals: list[FindingView]
    headroom_fen: Mapping[str, Fen] = Field(
        examples=[{"total": 100_000_000_000, "client": 500_000_000, "group": 1_500_000_000}]
    )
    trace: list[TraceStepView]

    @classmethod
    def of(cls, result: CapacityResult) -> Self:
        """Show a checked capacity."""
        return cls(
            rule_pack=RulePackView.of(result.pack),
            accepted=result.accepted,
            refusals=FindingView.all_of(result.refusals),
            headroom_fen=result.headroom_fen,
            trace=trace_view(result.trace),
        )
