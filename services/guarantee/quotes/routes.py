"""REST of the what-if endpoints: any caller with a token, nothing is stored."""

from fastapi import APIRouter

from services.guarantee.quotes import rules
from services.guarantee.quotes.schemas import (
    BreakerCheck,
    CapacityCheck,
    CheckBreaker,
    CheckTerms,
    FeeQuote,
    LossSplitQuote,
    QuoteLossSplit,
    QuoteRecoverySplit,
    RecoverySplitQuote,
    ReimbursementQuote,
    TermsCheck,
)
from shared.rulepack.capacities import check_capacity
from shared.rulepack.fees import quote_fee
from shared.rulepack.paybacks import quote_payback
from shared.rulepack.splitting import split_loss
from shared.web.auth import Authenticated
from shared.web.problem import problems
from shared.web.rule_packs import Packs, Question, pack_of

router = APIRouter(prefix="/v1", tags=["what-if 测算"])


@router.post("/loss-splits/quote", response_model=LossSplitQuote, responses=problems(404, 409))
def quote_loss_split(body: QuoteLossSplit, packs: Packs) -> LossSplitQuote:
    """Split a loss by a pack (风险分担测算): base, caps, overflow, each with its arithmetic."""
    result = split_loss(
        pack_of(packs, body.rule_pack, on=body.on),
        on=body.on,
        loss_fen=body.loss_fen,
        recovered_fen=body.recovered_fen,
        facts=body.facts,
        counters=body.counters,
    )
    return LossSplitQuote.of(result)


@router.post("/recovery-splits/quote", response_model=RecoverySplitQuote, responses=problems())
def quote_recovery_split(body: QuoteRecoverySplit, _caller: Authenticated) -> RecoverySplitQuote:
    """Split cash that came back (追偿分配测算): costs first, then in proportion of loss borne."""
    borne = [(one.party, one.borne_fen) for one in body.borne]
    result = rules.recovery(borne, cash_fen=body.cash_fen, costs_fen=body.costs_fen)
    return RecoverySplitQuote.of(result)


@router.post("/terms/check", response_model=TermsCheck, responses=problems(404, 409))
def check_terms(body: CheckTerms, packs: Packs) -> TermsCheck:
    """Check terms against a pack's limits (准入条件测算)."""
    pack = pack_of(packs, body.rule_pack, on=body.on)
    return TermsCheck.of(rules.terms(pack, facts=body.facts, lpr=body.lpr))


@router.post("/breakers/check", response_model=BreakerCheck, responses=problems(404, 409))
def check_breaker(body: CheckBreaker, packs: Packs) -> BreakerCheck:
    """Hold metrics against a pack's breakers (熔断测算)."""
    pack = pack_of(packs, body.rule_pack, on=body.on)
    result = rules.breaker(pack, metrics=body.metrics, scope=body.scope)
    return BreakerCheck.of(result, body.scope)


@router.post("/fees/quote", response_model=FeeQuote, responses=problems(404, 409))
def quote_fee_of(body: Question, packs: Packs) -> FeeQuote:
    """Quote a fee by a pack (费用测算)."""
    return FeeQuote.of(quote_fee(pack_of(packs, body.rule_pack, on=body.on), facts=body.facts))


@router.post(
    "/reimbursements/quote", response_model=ReimbursementQuote, responses=problems(404, 409)
)
def quote_reimbursement_of(body: Question, packs: Packs) -> ReimbursementQuote:
    """Quote what a scheme pays back to one who bore a loss (风险补偿测算)."""
    pack = pack_of(packs, body.rule_pack, on=body.on)
    return ReimbursementQuote.of(quote_payback(pack, facts=body.facts))


@router.post("/capacity/check", response_model=CapacityCheck, responses=problems(404, 409))
def check_capacity_of(body: Question, packs: Packs) -> CapacityCheck:
    """Hold a new liability against the limits of the law (担保责任限额测算)."""
    pack = pack_of(packs, body.rule_pack, on=body.on)
    return CapacityCheck.of(check_capacity(pack, facts=body.facts))
