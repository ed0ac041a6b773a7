"""Use cases of the funds: open, read; and the movements that other slices cause.

Every movement books one posting and publishes one event, under the lock of the fund's row. Callers
lock their own rows first: the fund's row is locked last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.guarantee.fund import rules, store
from services.guarantee.fund.rules import Account, Fund, Posting, Slip
from services.guarantee.fund.store import AsOf, Balances, Booked, Span, Statement, Stored
from shared.db.database import Transaction
from shared.events.envelope import Event

StoredFund = Stored
"""A fund with its row's version, as other slices hold it."""

LedgerAsOf = AsOf
"""Up to which day and moment a ledger is added up, as other slices ask."""

BookedPosting = Booked
"""A posting with its place in the ledger, as other slices hold it."""


@dataclass(frozen=True, slots=True)
class LegToPay:
    """The fund's own leg of one claim, and when the money moved."""

    claim_id: UUID
    amount_fen: int
    paid_on: date


async def open_fund(work: Transaction, *, code: str, leverage: int, by: str) -> Stored:
    """Open an organisation's own fund, empty; raises ForeignFund and FundExists."""
    if by != code:
        raise rules.ForeignFund(f"{by} cannot open the fund of {code}")
    stored = await store.insert(work, Fund(code=code, leverage=leverage))
    if stored is None:
        raise rules.FundExists(f"fund {code} exists")
    return stored


async def lock(work: Transaction, fund: str, *, reader: str | None = None) -> Stored:
    """Lock a fund to decide on it; raises FundNotFound, also for who may not see it."""
    return await store.lock(work, fund, reader=reader)


async def get(work: Transaction, fund: str) -> Stored:
    """Read a fund without locking it, for a what-if; raises FundNotFound."""
    return await store.get(work, fund, reader=None)


async def show(work: Transaction, fund: str, *, reader: str | None) -> Statement:
    """Read a fund with its ledger's sums; raises FundNotFound for who may not see it."""
    stored = await store.get(work, fund, reader=reader)
    return Statement(stored, await store.account_sums(work, fund, AsOf()))


async def codes(work: Transaction) -> Sequence[str]:
    """Read the codes of every fund."""
    return await store.codes(work)


async def require_seen(work: Transaction, fund: str, *, reader: str | None) -> None:
    """Raise FundNotFound for who may not see a fund."""
    await store.get(work, fund, reader=reader)


async def balances(work: Transaction, fund: str, asked: AsOf, *, reader: str | None) -> Balances:
    """Add up a fund's ledger as of a day and a moment; raises FundNotFound.

    The answer names the position up to which it counted: asked for again with that position, it
    is the same for good.
    """
    await store.get(work, fund, reader=reader)
    newest = await store.last_position(work, fund)
    until = newest if asked.position is None else min(newest, asked.position)
    counted = replace(asked, position=until)
    return Balances(fund, counted, await store.account_sums(work, fund, counted))


async def contributed(work: Transaction, fund: str, contributor: str) -> int:
    """Return what a contributor has in a locked fund, in fen: paid in less returned."""
    return await store.contributed(work, fund, contributor)


async def posting(work: Transaction, fund: str, posting_id: UUID) -> Posting:
    """Read one posting; raises PostingNotFound."""
    return await store.get_posting(work, fund, posting_id)


async def is_reversed(work: Transaction, posting_id: UUID) -> bool:
    """Tell whether a posting of a locked fund was reversed."""
    return await store.is_reversed(work, posting_id)


async def postings_after(
    work: Transaction, fund: str, *, after: int, limit: int
) -> Sequence[Booked]:
    """Read exactly the next ``limit`` postings after a position, or all that there are."""
    return await store.postings(work, fund, Span(cause_id=None, after=after, limit=limit - 1))


async def postings(
    work: Transaction, fund: str, span: Span, *, reader: str | None
) -> Sequence[Booked]:
    """Read a fund's postings; raises FundNotFound for who may not see it."""
    await store.get(work, fund, reader=reader)
    return await store.postings(work, fund, span)


async def postings_of(
    work: Transaction, fund: str, causes: Sequence[UUID], *, limit: int
) -> Sequence[Booked]:
    """Read up to ``limit`` + 1 postings that guarantees, claims or recoveries caused."""
    return await store.postings_of(work, fund, causes, limit=limit)


async def free_balance(work: Transaction, fund: str) -> int:
    """Lock the fund and return its cash that no approved claim has set aside, in fen."""
    return (await store.lock(work, fund)).fund.free_fen


async def reserve_commitment(
    work: Transaction, stored: Stored, *, guarantee_id: UUID, amount_fen: int
) -> Stored:
    """Commit capacity of a locked fund to a guarantee; raises FundCapacityExhausted."""
    voucher = slip(work, cause_id=guarantee_id)
    moved = rules.reserve_commitment(stored.fund, voucher, amount_fen=amount_fen)
    return await book(work, stored, moved)


async def release_commitment(
    work: Transaction, fund: str, *, guarantee_id: UUID, amount_fen: int
) -> Stored:
    """Free the capacity that a guarantee held; raises NothingReserved if it held less."""
    return await release_commitments(work, fund, {guarantee_id: amount_fen})


async def release_commitments(work: Transaction, fund: str, amounts: Mapping[UUID, int]) -> Stored:
    """Free the capacity that guarantees held under one lock: a posting and an event for each.

    Raises NothingReserved where one held less.
    """
    stored = await store.lock(work, fund)
    held = await store.balances_by_cause(work, fund, Account.COMMITMENTS, cause_ids=list(amounts))
    after, booked, events = stored.fund, list[Posting](), list[Event]()
    for guarantee_id, amount_fen in amounts.items():
        if amount_fen > held.get(guarantee_id, 0):
            raise rules.NothingReserved(f"guarantee {guarantee_id} holds less of fund {fund}")
        voucher = slip(work, cause_id=guarantee_id)
        after, posting, event = rules.release_commitment(after, voucher, amount_fen=amount_fen)
        booked.append(posting)
        events.append(event)
    version = work.publish_all(events, after=stored.version)
    moved = Stored(after, stored.version, stored.opened_on)
    return await store.book_all(work, moved, booked, version=version)


async def reserve_for_claim(
    work: Transaction, fund: str, *, claim_id: UUID, amount_fen: int
) -> Stored:
    """Set cash aside for an approved leg; raises FundShort."""
    stored = await store.lock(work, fund)
    voucher = slip(work, cause_id=claim_id)
    return await book(
        work, stored, rules.reserve_for_claim(stored.fund, voucher, amount_fen=amount_fen)
    )


async def pay_leg(
    work: Transaction, fund: str, *, claim_id: UUID, amount_fen: int, paid_on: date
) -> Stored:
    """Pay one leg and take its reservation back; raises NothingReserved."""
    stored, _ = await pay_legs(work, fund, [LegToPay(claim_id, amount_fen, paid_on)])
    return stored


async def pay_legs(
    work: Transaction, fund: str, legs: Sequence[LegToPay]
) -> tuple[Stored, Sequence[Posting]]:
    """Pay the legs of many claims under one lock: a posting and an event for each.

    Raises NothingReserved where a claim has less set aside than its leg.
    """
    stored = await store.lock(work, fund)
    reserved = await store.balances_by_cause(
        work, fund, Account.RESERVED, cause_ids=[leg.claim_id for leg in legs]
    )
    after, booked, events = stored.fund, list[Posting](), list[Event]()
    for leg in legs:
        voucher = slip(work, cause_id=leg.claim_id, valued_on=leg.paid_on)
        after, posting, event = rules.pay_leg(
            after, voucher, amount_fen=leg.amount_fen, reserved_fen=reserved.get(leg.claim_id, 0)
        )
        booked.append(posting)
        events.append(event)
    version = work.publish_all(events, after=stored.version)
    moved = Stored(after, stored.version, stored.opened_on)
    return await store.book_all(work, moved, booked, version=version), booked


async def receive_recovery(
    work: Transaction,
    fund: str,
    *,
    claim_id: UUID,
    recovery_id: UUID,
    amount_fen: int,
    received_on: date,
) -> Stored:
    """Receive the fund's part of a recovery, of the value of its receipt."""
    stored = await store.lock(work, fund)
    voucher = slip(work, cause_id=recovery_id, valued_on=received_on)
    moved = rules.receive_recovery(stored.fund, voucher, claim_id=claim_id, amount_fen=amount_fen)
    return await book(work, stored, moved)


async def tell(work: Transaction, fund: str, event: Event) -> None:
    """Publish an event of a fund in its one sequence; locks it."""
    stored = await store.lock(work, fund)
    version = work.publish_all([event], after=stored.version)
    await store.save_version(work, fund, version=version)


async def book(work: Transaction, before: Stored, moved: tuple[Fund, Posting, Event]) -> Stored:
    """Book a movement of a locked fund and publish it."""
    fund, booked, event = moved
    version = work.publish_all([event], after=before.version)
    after = Stored(fund, before.version, before.opened_on)
    return await store.book_all(work, after, [booked], version=version)


def slip(
    work: Transaction, *, cause_id: UUID, note: str = "", valued_on: date | None = None
) -> Slip:
    """Fill in what a movement needs from outside."""
    return Slip(
        posting_id=work.new_id(),
        cause_id=cause_id,
        booked_on=work.today,
        note=note,
        valued_on=valued_on,
    )
