"""SQL of the recoveries; a recovery is never changed."""

from collections.abc import Sequence
from uuid import UUID

from services.guarantee.recoveries.rules import Allocation, Receipt, Recovery, RecoveryId
from shared.db.database import Row, Transaction

_RECEIPT = "cash_fen, costs_fen, surplus_fen, received_on, reference"
_COLUMNS = f"id, claim_id, {_RECEIPT}, costs_paid_fen, allocations, recorded_by, trace"


async def insert(work: Transaction, recovery: Recovery) -> bool:
    """Store a recovery; False if the claim has one of the same reference."""
    tag = await work.execute(
        f"INSERT INTO recovery ({_COLUMNS}) "  # noqa: S608 - constant columns
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
        "ON CONFLICT (claim_id, reference) DO NOTHING",
        recovery.id,
        recovery.claim_id,
        *(getattr(recovery.receipt, name) for name in _RECEIPT.split(", ")),
        recovery.costs_paid_fen,
        [[each.party, each.org, each.amount_fen] for each in recovery.allocations],
        recovery.recorded_by,
        [dict(step) for step in recovery.trace],
    )
    return tag == "INSERT 0 1"


async def of_claim(
    work: Transaction, claim_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[Recovery]:
    """Read up to ``limit`` + 1 recoveries of a claim in id order, after one id."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM recovery WHERE claim_id = $1 "  # noqa: S608 - constant columns
        "AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        claim_id,
        after,
        limit + 1,
    )
    return [_recovery(row) for row in rows]


def _recovery(row: Row) -> Recovery:
    return Recovery(
        id=RecoveryId(row["id"]),
        claim_id=row["claim_id"],
        receipt=Receipt(
            cash_fen=row["cash_fen"],
            costs_fen=row["costs_fen"],
            surplus_fen=row["surplus_fen"],
            received_on=row["received_on"],
            reference=row["reference"],
        ),
        costs_paid_fen=row["costs_paid_fen"],
        allocations=tuple(map(Allocation._make, row["allocations"])),
        recorded_by=row["recorded_by"],
        trace=tuple(row["trace"]),
    )
