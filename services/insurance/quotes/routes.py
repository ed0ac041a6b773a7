"""REST of the what-if endpoints: any caller with a token, nothing is stored."""

from fastapi import APIRouter

from services.insurance.quotes import rules
from services.insurance.quotes.schemas import (
    CoinsuranceSplitQuote,
    PremiumSubsidyQuote,
    QuoteCoinsuranceSplit,
)
from shared.rulepack.subsidies import quote_subsidy
from shared.web.auth import Authenticated
from shared.web.problem import problems
from shared.web.rule_packs import Packs, Question, pack_of

router = APIRouter(prefix="/v1", tags=["what-if 测算"])


@router.post(
    "/premium-subsidies/quote", response_model=PremiumSubsidyQuote, responses=problems(404, 409)
)
def quote_premium_subsidy(body: Question, packs: Packs) -> PremiumSubsidyQuote:
    """Quote a premium subsidy by a pack (保费补贴测算)."""
    pack = pack_of(packs, body.rule_pack, on=body.on)
    return PremiumSubsidyQuote.of(quote_subsidy(pack, facts=body.facts))


@router.post(
    "/coinsurance-splits/quote", response_model=CoinsuranceSplitQuote, responses=problems()
)
def quote_coinsurance_split(
    body: QuoteCoinsuranceSplit, _caller: Authenticated
) -> CoinsuranceSplitQuote:
    """Split a claim among co-insurers and their reinsurers (共保分摊测算)."""
    shares = [(part.insurer, part.share_ppm) for part in body.shares]
    return CoinsuranceSplitQuote.of(rules.split_claim(body.claim_fen, shares, body.cessions))
