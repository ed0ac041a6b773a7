"""Financing demands (融资需求): an enterprise asks, banks offer, the enterprise accepts one.

Sources: 连政办发〔2024〕13号 task 11 (platform matching of demand, product and institution) and
征信业管理条例 art. 18 (a bank that assesses needs the enterprise's consent; handlers check it).

Example: a demand of 4,000,000.00 yuan over 12 months gets three offers at 3.80, 3.95 and 4.10 %;
accepting the first lets the other two lapse.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NewType
from uuid import UUID

from shared.errors import Conflict, NotFound, RuleViolation, Violation
from shared.events.credit import DemandSubmitted, OfferAccepted, OfferMade
from shared.uscc import Uscc

DemandId = NewType("DemandId", UUID)
OfferId = NewType("OfferId", UUID)


class DemandState(StrEnum):
    """Where a demand stands."""

    SUBMITTED = "submitted"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    CONTRACTED = "contracted"


class DemandNotOpen(Conflict):
    """The demand takes no more offers: one is accepted."""

    code = "demand-not-open"
    title_zh = "需求已不接受报价"
    title_en = "Demand not open"


class OfferExists(Conflict):
    """The bank has an offer on this demand already."""

    code = "offer-exists"
    title_zh = "本行已报价"
    title_en = "Offer exists"


class OfferNotFound(NotFound):
    """The demand has no such offer."""

    code = "offer-not-found"
    title_zh = "未找到该报价"
    title_en = "Offer not found"


class OfferAboveDemand(RuleViolation):
    """The offer is larger than what was asked."""

    code = "offer-above-demand"
    title_zh = "报价金额超过需求"
    title_en = "Offer above demand"


class DemandNotAccepted(Conflict):
    """No offer of this bank is accepted, so it has nothing to contract."""

    code = "demand-not-accepted"
    title_zh = "企业未接受本行报价"
    title_en = "Demand not accepted"


class TermsAboveOffer(RuleViolation):
    """The contract asks more than the accepted offer."""

    code = "terms-above-offer"
    title_zh = "合同条件超出已接受的报价"
    title_en = "Terms above offer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One bank's terms."""

    id: OfferId
    bank: str
    amount_fen: int
    rate_ppm: int
    tenor_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What an enterprise asks, and the offers that it got, oldest first."""

    id: DemandId
    uscc: Uscc
    amount_fen: int
    tenor_months: int
    purpose: str
    state: DemandState = DemandState.SUBMITTED
    offers: tuple[Offer, ...] = ()
    accepted: OfferId | None = None


def submit(demand: Demand) -> tuple[Demand, DemandSubmitted]:
    """Submit a demand."""
    event = DemandSubmitted(
        demand_id=demand.id,
        uscc=demand.uscc.code,
        amount_fen=demand.amount_fen,
        tenor_months=demand.tenor_months,
        purpose=demand.purpose,
    )
    return demand, event


def make_offer(demand: Demand, offer: Offer) -> tuple[Demand, OfferMade]:
    """Add a bank's offer: one per bank, not above what is asked, while none is accepted."""
    if demand.state not in {DemandState.SUBMITTED, DemandState.OFFERED}:
        raise DemandNotOpen(f"demand {demand.id} is {demand.state}")
    if any(made.bank == offer.bank for made in demand.offers):
        raise OfferExists(f"{offer.bank} has an offer on demand {demand.id}")
    if offer.amount_fen > demand.amount_fen:
        raise OfferAboveDemand(
            f"demand {demand.id} asks less",
            violations=(_above("amount", "/amount_fen", demand.amount_fen, offer.amount_fen),),
        )
    event = OfferMade(
        demand_id=demand.id,
        offer_id=offer.id,
        bank=offer.bank,
        amount_fen=offer.amount_fen,
        rate_ppm=offer.rate_ppm,
        tenor_months=offer.tenor_months,
    )
    return replace(demand, state=DemandState.OFFERED, offers=(*demand.offers, offer)), event


def accept_offer(demand: Demand, offer_id: UUID) -> tuple[Demand, OfferAccepted]:
    """Accept one offer; the others lapse."""
    offer = next((made for made in demand.offers if made.id == offer_id), None)
    if offer is None:
        raise OfferNotFound(f"demand {demand.id} has no offer {offer_id}")
    if demand.state is not DemandState.OFFERED:
        raise DemandNotOpen(f"demand {demand.id} is {demand.state}")
    event = OfferAccepted(demand_id=demand.id, offer_id=offer.id, bank=offer.bank)
    return replace(demand, state=DemandState.ACCEPTED, accepted=offer.id), event


def contract(demand: Demand, *, bank: str, amount_fen: int, rate_ppm: int) -> Demand:
    """Turn an accepted offer into a contract whose terms are not above it."""
    offer = next((made for made in demand.offers if made.id == demand.accepted), None)
    if offer is None or offer.bank != bank or demand.state is not DemandState.ACCEPTED:
        raise DemandNotAccepted(f"{bank} has no accepted offer on demand {demand.id}")
    wrong = [
        _above(code, f"/{code}", limit, actual)
        for code, limit, actual in (
            ("amount_fen", offer.amount_fen, amount_fen),
            ("rate_ppm", offer.rate_ppm, rate_ppm),
        )
        if actual > limit
    ]
    if wrong:
        raise TermsAboveOffer(f"the offer on demand {demand.id} is lower", violations=tuple(wrong))
    return replace(demand, state=DemandState.CONTRACTED)


def _above(code: str, field: str, limit: int, actual: int) -> Violation:
    return Violation(
        code=code, zh="超过上限", en="above the limit", field=field, limit=limit, actual=actual
    )
