"""Requests and responses of the demands."""

from typing import Annotated, Self

from pydantic import Field

from services.credit.demands.rules import DemandState, Offer
from services.credit.demands.store import Stored
from shared.web.fields import (
    Body,
    Count,
    Fen,
    Id,
    Months,
    OrgCode,
    PositiveFen,
    RatePpm,
    Text,
    UsccField,
    View,
)
from shared.web.paging import Page


class SubmitDemand(Body):
    """What an enterprise asks for."""

    uscc: UsccField
    amount_fen: PositiveFen
    tenor_months: Months
    purpose: Text


class MakeOffer(Body):
    """A bank's terms; the rate in ppm a year."""

    amount_fen: PositiveFen
    rate_ppm: RatePpm
    tenor_months: Months


class OfferView(View):
    """A bank's terms."""

    offer_id: Id
    bank: OrgCode
    amount_fen: Fen
    rate_ppm: RatePpm
    tenor_months: Months

    @classmethod
    def of(cls, offer: Offer) -> Self:
        """Show an offer."""
        return cls(
            offer_id=offer.id,
            bank=offer.bank,
            amount_fen=offer.amount_fen,
            rate_ppm=offer.rate_ppm,
            tenor_months=offer.tenor_months,
        )


class DemandView(View):
    """A demand and its offers."""

    demand_id: Id
    uscc: UsccField
    amount_fen: Fen
    tenor_months: Months
    purpose: Text
    state: Annotated[DemandState, Field(examples=["offered"])]
    offers: list[OfferView]
    accepted_offer_id: Id | None
    version: Count

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show a demand with every offer, as the enterprise sees it."""
        return cls._show(stored, stored.demand.offers)

    @classmethod
    def for_bank(cls, stored: Stored, bank: str) -> Self:
        """Show a demand to a bank: of the offers only its own."""
        return cls._show(stored, tuple(o for o in stored.demand.offers if o.bank == bank))

    @classmethod
    def _show(cls, stored: Stored, offers: tuple[Offer, ...]) -> Self:
        demand = stored.demand
        return cls(
            demand_id=demand.id,
            uscc=demand.uscc.code,
            amount_fen=demand.amount_fen,
            tenor_months=demand.tenor_months,
            purpose=demand.purpose,
            state=demand.state,
            offers=[OfferView.of(offer) for offer in offers],
            accepted_offer_id=demand.accepted,
            version=stored.version,
        )


DemandPage = Page[DemandView]
