"""Use cases of the seals: seal what was booked, off the hot path; verify what was sealed."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from services.guarantee.fund import handlers as funds
from services.guarantee.seals import rules, store
from services.guarantee.seals.rules import BLOCK_POSTINGS, Block, Break, Recorded
from shared.db.database import Database, Transaction
from shared.operations.operator import Operator
from shared.operations.terminal import Command

SEAL_EVERY_S = 10
PAGE_BLOCKS = 100


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of verifying one block."""

    block: Block
    broken: Break | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A fund whose sealed ledger is what was sealed."""

    fund: str
    blocks: int
    postings: int
    sha256: str | None


async def seal_some(database: Database) -> bool:
    """Seal the next block of every fund that has unsealed postings; True where more may wait."""
    async with database.read() as work:
        codes = await funds.codes(work)
    full = [await _seal_next(database, code) for code in codes]
    return any(full)


async def _seal_next(database: Database, fund: str) -> bool:
    # Read and hashed without a lock: nothing can appear before what is already visible.
    async with database.read() as work:
        last = await store.last_block(work, fund)
        after = 0 if last is None else last.last_position
        recorded = await _recorded(work, fund, after=after, limit=BLOCK_POSTINGS)
    if not recorded:
        return False
    seals = rules.chain(rules.genesis(fund) if last is None else last.hash, recorded)
    async with database.transaction() as work:
        block = rules.block_of(fund, last, seals, at=work.now)
        if await store.insert(work, block, seals):
            await funds.tell(work, fund, rules.sealed(block))
    return len(recorded) == BLOCK_POSTINGS


async def blocks(
    work: Transaction, fund: str, *, reader: str | None, after: int, limit: int
) -> Sequence[Block]:
    """Read a fund's blocks; raises FundNotFound for who may not see it."""
    await funds.require_seen(work, fund, reader=reader)
    return await store.blocks(work, fund, after=after, limit=limit)


async def verify_block(
    work: Transaction, fund: str, number: int, *, reader: str | None
) -> Verified:
    """Hold one block against the ledger; raises FundNotFound and BlockNotFound."""
    await funds.require_seen(work, fund, reader=reader)
    block = await store.get_block(work, fund, number)
    before = None if number == 1 else await store.get_block(work, fund, number - 1)
    return Verified(block, await _first_break(work, before, block))


async def _verify(arguments: argparse.Namespace, operator: Operator) -> object:
    async with operator.database.read() as work:
        known = await funds.codes(work)
        if arguments.fund is not None:
            await funds.require_seen(work, arguments.fund, reader=None)
    asked = known if arguments.fund is None else [arguments.fund]
    return [await verify_fund(operator.database, fund) for fund in asked]


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fund", help="one fund's code; every fund without it")


VERIFY = Command(
    name="verify-ledger",
    help="hold the sealed ledger against its seals; names the first broken entry",
    declare=_declare,
    run=_verify,
)


async def verify_fund(database: Database, fund: str) -> Whole:
    """Hold a fund's whole sealed ledger against its seals, block by block.

    Raises LedgerBroken naming the first posting that is not what was sealed.
    """
    before: Block | None = None
    postings = 0
    while True:
        async with database.read() as work:
            after = 0 if before is None else before.number
            found = await store.blocks(work, fund, after=after, limit=PAGE_BLOCKS)
            for block in found[:PAGE_BLOCKS]:
                wrong = await _first_break(work, before, block)
                if wrong is not None:
                    raise rules.broken(block, wrong)
                before, postings = block, postings + block.postings
        if len(found) <= PAGE_BLOCKS:
            break
    if before is None:
        return Whole(fund, 0, 0, None)
    return Whole(fund, before.number, postings, before.hash.hex())


async def _first_break(work: Transaction, before: Block | None, block: Block) -> Break | None:
    previous = rules.genesis(block.fund) if before is None else before.hash
    after = 0 if before is None else before.last_position
    # One more than was sealed: a posting that was slipped in shows up.
    recorded = await _recorded(work, block.fund, after=after, limit=block.postings + 1)
    within = [one for one in recorded if one.position <= block.last_position]
    return rules.first_break(previous, block, within, await store.seals_of(work, block))


async def _recorded(work: Transaction, fund: str, *, after: int, limit: int) -> list[Recorded]:
    booked = await funds.postings_after(work, fund, after=after, limit=limit)
    return [Recorded(one.position, one.recorded_at, one.posting) for one in booked]
