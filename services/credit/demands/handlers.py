"""Use cases of the demands."""

from uuid import UUID

from services.credit.demands import rules, store
from services.credit.demands.rules import Demand, DemandId, Offer, OfferId
from services.credit.demands.schemas import MakeOffer, SubmitDemand
from services.credit.demands.store import Stored
from services.credit.known import handlers as known
from shared.db.database import Transaction
from shared.uscc import Uscc


async def submit_demand(work: Transaction, body: SubmitDemand) -> Stored:
    """Submit a demand of a registered enterprise."""
    await known.require_enterprise(work, body.uscc)
    demand = Demand(
        id=DemandId(work.new_id()),
        uscc=Uscc(body.uscc),
        amount_fen=body.amount_fen,
        tenor_months=body.tenor_months,
        purpose=body.purpose,
    )
    submitted, event = rules.submit(demand)
    return await store.insert(work, submitted, version=work.publish_all([event], after=0))


async def make_offer(work: Transaction, demand_id: UUID, body: MakeOffer, *, bank: str) -> Stored:
    """Offer terms; the bank must be registered and the enterprise must have consented."""
    await known.require_bank(work, bank, on=work.today)
    stored = await store.lock(work, demand_id, reader=bank)
    offer = Offer(
        id=OfferId(work.new_id()),
        bank=bank,
        amount_fen=body.amount_fen,
        rate_ppm=body.rate_ppm,
        tenor_months=body.tenor_months,
    )
    demand, event = rules.make_offer(stored.demand, offer)
    await store.insert_offer(work, demand_id, offer)
    version = work.publish_all([event], after=stored.version)
    return await store.save(work, demand, version=version)


async def accept_offer(
    work: Transaction, demand_id: UUID, offer_id: UUID, *, expected_version: int
) -> Stored:
    """Accept one offer for the enterprise."""
    stored = await store.lock(work, demand_id, reader=None, expected_version=expected_version)
    demand, event = rules.accept_offer(stored.demand, offer_id)
    version = work.publish_all([event], after=stored.version)
    return await store.save(work, demand, version=version)


async def contract(
    work: Transaction, demand_id: UUID, *, bank: str, amount_fen: int, rate_ppm: int
) -> Demand:
    """Contract an accepted offer; the loan's own event tells of it."""
    stored = await store.lock(work, demand_id, reader=bank)
    demand = rules.contract(stored.demand, bank=bank, amount_fen=amount_fen, rate_ppm=rate_ppm)
    await store.save(work, demand, version=stored.version)
    return demand
