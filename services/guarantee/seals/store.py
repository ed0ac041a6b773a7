"""SQL of the seals: written once, never changed."""

from collections.abc import Sequence

from services.guarantee.seals.rules import Block, BlockNotFound, Seal
from shared.db.database import Row, Transaction

_COLUMNS = "fund, number, first_position, last_position, postings, hash, sealed_at"
_SELECT = f"SELECT {_COLUMNS} FROM fund_block WHERE fund = $1"  # noqa: S608 - constant columns


async def last_block(work: Transaction, fund: str) -> Block | None:
    """Read the newest block of a fund; None where nothing is sealed yet."""
    row = await work.fetchrow(f"{_SELECT} ORDER BY number DESC LIMIT 1", fund)
    return None if row is None else _block(row)


async def get_block(work: Transaction, fund: str, number: int) -> Block:
    """Read one block; raises BlockNotFound."""
    row = await work.fetchrow(f"{_SELECT} AND number = $2", fund, number)
    if row is None:
        raise BlockNotFound(f"the ledger of {fund} has no block {number}")
    return _block(row)


async def blocks(work: Transaction, fund: str, *, after: int, limit: int) -> Sequence[Block]:
    """Read up to ``limit`` + 1 blocks, the oldest first."""
    rows = await work.fetch(
        f"{_SELECT} AND number > $2 ORDER BY number LIMIT $3", fund, after, limit + 1
    )
    return [_block(row) for row in rows]


async def seals_of(work: Transaction, block: Block) -> Sequence[Seal]:
    """Read the seals of a block in order."""
    rows = await work.fetch(
        "SELECT position, posting_id, hash FROM fund_seal WHERE fund = $1 AND block = $2 "
        "ORDER BY position",
        block.fund,
        block.number,
    )
    return [Seal(row["position"], row["posting_id"], bytes(row["hash"])) for row in rows]


async def insert(work: Transaction, block: Block, seals: Sequence[Seal]) -> bool:
    """Store a block with its seals; False where another process sealed that stretch."""
    tag = await work.execute(
        f"INSERT INTO fund_block ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7) "  # noqa: S608 - constant columns
        "ON CONFLICT DO NOTHING",
        *(getattr(block, name) for name in _COLUMNS.split(", ")),
    )
    if tag != "INSERT 0 1":
        return False
    await work.execute(
        "INSERT INTO fund_seal (fund, block, position, posting_id, hash) "
        "SELECT $1, $2, position, posting_id, hash "
        "FROM unnest($3::bigint[], $4::uuid[], $5::bytea[]) AS given (position, posting_id, hash)",
        block.fund,
        block.number,
        [seal.position for seal in seals],
        [seal.posting_id for seal in seals],
        [seal.hash for seal in seals],
    )
    return True


def _block(row: Row) -> Block:
    columns = dict(row)
    columns["hash"] = bytes(columns["hash"])
    return Block(**columns)
