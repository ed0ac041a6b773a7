"""Use cases of a fund's capital: pay in, give back, reverse."""

from datetime import date
from uuid import UUID

from services.guarantee.capital import rules
from services.guarantee.fund import handlers as funds
from services.guarantee.fund.handlers import StoredFund
from shared.db.database import Transaction


async def pay_in(
    work: Transaction,
    code: str,
    *,
    amount_fen: int,
    contributor: str,
    valued_on: date | None,
    reader: str,
) -> StoredFund:
    """Book capital that a contributor paid in; raises FundCapitalLimit and ValueDateInvalid."""
    rules.require_value_date(valued_on, today=work.today)
    stored = await funds.lock(work, code, reader=reader)
    slip = funds.slip(work, cause_id=work.new_id(), note=contributor, valued_on=valued_on)
    return await funds.book(work, stored, rules.pay_in(stored.fund, slip, amount_fen=amount_fen))


async def give_back(
    work: Transaction,
    code: str,
    *,
    amount_fen: int,
    contributor: str,
    valued_on: date | None,
    reader: str,
) -> StoredFund:
    """Book capital that a contributor took out; raises ContributorShort, FundShort and others."""
    rules.require_value_date(valued_on, today=work.today)
    stored = await funds.lock(work, code, reader=reader)
    slip = funds.slip(work, cause_id=work.new_id(), note=contributor, valued_on=valued_on)
    contributed = await funds.contributed(work, code, contributor)
    moved = rules.give_back(stored.fund, slip, amount_fen=amount_fen, contributed_fen=contributed)
    return await funds.book(work, stored, moved)


async def reverse(
    work: Transaction, code: str, posting_id: UUID, *, reason: str, reader: str
) -> StoredFund:
    """Correct a wrong movement of capital by its mirror image, once."""
    stored = await funds.lock(work, code, reader=reader)
    wrong = await funds.posting(work, code, posting_id)
    if await funds.is_reversed(work, posting_id):
        raise rules.PostingNotReversible(f"posting {posting_id} was reversed before")
    by_hand = wrong.kind in rules.REVERSIBLE
    contributed = await funds.contributed(work, code, wrong.note) if by_hand else 0
    slip = funds.slip(work, cause_id=posting_id, note=reason)
    moved = rules.reverse(stored.fund, slip, wrong, contributed_fen=contributed)
    return await funds.book(work, stored, moved)
