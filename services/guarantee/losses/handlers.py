"""Use cases of the losses, for the claims: decide a split under locked counters, pay, recover."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from services.guarantee.fund import handlers as funds
from services.guarantee.guarantees.rules import Cover
from services.guarantee.losses import rules, store
from services.guarantee.losses.rules import Decided, Leg, Split
from services.guarantee.programmes import handlers as programmes
from services.guarantee.programmes.rules import WHOLE_PROGRAMME
from shared.db.database import Transaction
from shared.rulepack.catalogue import PackCatalogue
from shared.rulepack.splitting import split_loss


async def decide(
    work: Transaction,
    claim_id: UUID,
    *,
    cover: Cover,
    programme: str,
    loss_fen: int,
    recovered_fen: int,
    packs: PackCatalogue,
) -> tuple[Split, tuple[Leg, ...]]:
    """Split a loss by the pinned pack, move the year's counters, set the fund's leg aside.

    Counters are locked first and move in the order of approval, the fund's row is locked last.
    Raises YearNotOpened, PackChanged, NoTier, FundShort.
    """
    pack = programmes.pack_of(packs, cover.pack)
    counters = await programmes.lock_counters(
        work, programme=programme, bank=WHOLE_PROGRAMME, year=work.today.year
    )
    inputs = counters.as_inputs(pack)
    result = split_loss(
        pack,
        on=cover.issued_on,
        loss_fen=loss_fen,
        recovered_fen=recovered_fen,
        facts=cover.facts,
        counters=inputs,
    )
    split, legs = rules.split_of(
        result,
        cover=cover,
        loss_fen=loss_fen,
        recovered_fen=recovered_fen,
        counters=inputs,
        today=work.today,
    )
    await store.insert(work, claim_id, split, legs)
    await programmes.save_counters(work, counters.moved(split.counter_moves))
    to_reserve = result.amount_of(cover.ledger_party)
    if to_reserve:
        await funds.reserve_for_claim(work, cover.fund, claim_id=claim_id, amount_fen=to_reserve)
    return split, legs


async def legs_of(work: Transaction, claim_id: UUID) -> tuple[Leg, ...]:
    """Read the legs of a claim, none before it is approved."""
    return (await store.legs_of(work, [claim_id]))[claim_id]


async def legs_of_all(
    work: Transaction, claim_ids: Sequence[UUID]
) -> Mapping[UUID, tuple[Leg, ...]]:
    """Read the legs of several claims."""
    return await store.legs_of(work, claim_ids)


async def split_of(work: Transaction, claim_id: UUID) -> Split:
    """Read the decision on a claim; raises SplitNotFound."""
    return await store.get_split(work, claim_id)


async def count_decided(work: Transaction, *, programme: str, year: int) -> int:
    """Count the losses of a programme that were decided on in a year."""
    return await store.count_decided(work, programme=programme, year=year)


async def decided(
    work: Transaction, *, programme: str, year: int, after: int, limit: int
) -> Sequence[Decided]:
    """Read the next decisions of a programme and a year, in the order of approval."""
    return await store.decided(work, programme=programme, year=year, after=after, limit=limit)


async def pay(
    work: Transaction,
    claim_id: UUID,
    party: str,
    *,
    org: str,
    paid_on: date,
    reference: str,
    since: date,
) -> tuple[Leg, tuple[Leg, ...]]:
    """Record the payment of a leg whose claim is locked; returns it and all legs after it."""
    legs = await legs_of(work, claim_id)
    paid = rules.pay(
        rules.leg_of(legs, party),
        org=org,
        paid_on=paid_on,
        reference=reference,
        since=since,
        today=work.today,
    )
    await store.save_legs(work, [(claim_id, paid)])
    return paid, rules.replaced(legs, paid)


async def save_paid(work: Transaction, paid: Sequence[tuple[UUID, Leg]]) -> None:
    """Store the payments of legs of many locked claims."""
    await store.save_legs(work, paid)


async def book_recovery(
    work: Transaction, claim_id: UUID, legs: Sequence[Leg], received: Mapping[str, int]
) -> tuple[Leg, ...]:
    """Record what came back to each party of a locked claim."""
    after = rules.recovered(legs, received)
    await store.save_legs(work, [(claim_id, leg) for leg in after])
    return after
