"""Use cases of the funds: open, pay in, reverse; and the movements that other slices cause.

Every movement locks the fund's row, books one posting and publishes one event. Callers lock their
own rows first: the fund's row is locked last.
"""

from collections.abc import Sequence
from uuid import UUID

from services.guarantee.fund import rules, store
from services.guarantee.fund.rules import Account, Fund, Posting, Slip
from services.guarantee.fund.store import Booked, Span, Statement, Stored
from shared.db.database import Transaction
from shared.events.envelope import Event

StoredFund = Stored
"""A fund with its row's version, as other slices hold it."""

BookedPosting = Booked
"""A posting with its place in the ledger, as other slices hold it."""


async def open_fund(work: Transaction, *, code: str, leverage: int, by: str) -> Stored:
    """Open an organisation's own fund, empty; raises ForeignFund and FundExists."""
    if by != code:
        raise rules.ForeignFund(f"{by} cannot open the fund of {code}")
    stored = await store.insert(work, Fund(code=code, leverage=leverage))
    if stored is None:
        raise rules.FundExists(f"fund {code} exists")
    return stored


async def pay_in(
    work: Transaction, code: str, *, amount_fen: int, contributor: str, reader: str
) -> Stored:
    """Book capital that a contributor paid in; raises FundCapitalLimit."""
    stored = await store.lock(work, code, reader=reader)
    slip = _slip(work, cause_id=work.new_id(), note=contributor)
    return await _book(work, stored, rules.pay_in(stored.fund, slip, amount_fen=amount_fen))


async def reverse(
    work: Transaction, code: str, posting_id: UUID, *, reason: str, reader: str
) -> Stored:
    """Correct a wrong payment of capital by its mirror image, once."""
    stored = await store.lock(work, code, reader=reader)
    wrong = await store.get_posting(work, code, posting_id)
    if await store.is_reversed(work, posting_id):
        raise rules.PostingNotReversible(f"posting {posting_id} was reversed before")
    slip = _slip(work, cause_id=posting_id, note=reason)
    return await _book(work, stored, rules.reverse(stored.fund, slip, wrong))


async def lock(work: Transaction, fund: str) -> Stored:
    """Lock a fund to decide on its capacity; raises FundNotFound."""
    return await store.lock(work, fund)


async def get(work: Transaction, fund: str) -> Stored:
    """Read a fund without locking it, for a what-if; raises FundNotFound."""
    return await store.get(work, fund, reader=None)


async def show(work: Transaction, fund: str, *, reader: str | None) -> Statement:
    """Read a fund with its ledger's sums; raises FundNotFound for who may not see it."""
    stored = await store.get(work, fund, reader=reader)
    return Statement(stored, await store.account_sums(work, fund))


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
    slip = _slip(work, cause_id=guarantee_id)
    moved = rules.reserve_commitment(stored.fund, slip, amount_fen=amount_fen)
    return await _book(work, stored, moved)


async def release_commitment(
    work: Transaction, fund: str, *, guarantee_id: UUID, amount_fen: int
) -> Stored:
    """Free the capacity that a guarantee held; raises NothingReserved if it held less."""
    stored = await store.lock(work, fund)
    held = await store.balance_by_cause(work, fund, Account.COMMITMENTS, cause_id=guarantee_id)
    if amount_fen > held:
        raise rules.NothingReserved(f"guarantee {guarantee_id} holds {held} fen of fund {fund}")
    slip = _slip(work, cause_id=guarantee_id)
    return await _book(
        work, stored, rules.release_commitment(stored.fund, slip, amount_fen=amount_fen)
    )


async def reserve_for_claim(
    work: Transaction, fund: str, *, claim_id: UUID, amount_fen: int
) -> Stored:
    """Set cash aside for an approved leg; raises FundShort."""
    stored = await store.lock(work, fund)
    slip = _slip(work, cause_id=claim_id)
    return await _book(
        work, stored, rules.reserve_for_claim(stored.fund, slip, amount_fen=amount_fen)
    )


async def pay_leg(work: Transaction, fund: str, *, claim_id: UUID, amount_fen: int) -> Stored:
    """Pay a leg and take its reservation back; raises NothingReserved."""
    stored = await store.lock(work, fund)
    reserved = await store.balance_by_cause(work, fund, Account.RESERVED, cause_id=claim_id)
    slip = _slip(work, cause_id=claim_id)
    moved = rules.pay_leg(stored.fund, slip, amount_fen=amount_fen, reserved_fen=reserved)
    return await _book(work, stored, moved)


async def receive_recovery(
    work: Transaction, fund: str, *, claim_id: UUID, recovery_id: UUID, amount_fen: int
) -> Stored:
    """Receive the fund's part of a recovery."""
    stored = await store.lock(work, fund)
    slip = _slip(work, cause_id=recovery_id)
    moved = rules.receive_recovery(stored.fund, slip, claim_id=claim_id, amount_fen=amount_fen)
    return await _book(work, stored, moved)


async def _book(work: Transaction, before: Stored, moved: tuple[Fund, Posting, Event]) -> Stored:
    fund, posting, event = moved
    version = work.publish_all([event], after=before.version)
    after = Stored(fund, before.version, before.opened_on)
    return await store.book(work, after, posting, version=version)


def _slip(work: Transaction, *, cause_id: UUID, note: str = "") -> Slip:
    return Slip(posting_id=work.new_id(), cause_id=cause_id, booked_on=work.today, note=note)
