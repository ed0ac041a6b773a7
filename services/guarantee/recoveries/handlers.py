"""Use cases of the recoveries: share what came back, and read what was shared."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.guarantee.claims import handlers as claims
from services.guarantee.recoveries import rules, store
from services.guarantee.recoveries.rules import Receipt, Recovery, RecoveryId
from shared.db.database import Transaction
from shared.web.auth import Caller


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recovery with the version that its claim has after it."""

    recovery: Recovery
    version: int


async def record_recovery(
    work: Transaction, claim_id: UUID, receipt: Receipt, *, by: Caller, expected_version: int
) -> Recorded:
    """Share a receipt among those who bore the loss; the fund's part is booked in its ledger."""
    case = await claims.lock_for_recovery(work, claim_id, by=by, expected_version=expected_version)
    recovery, event = rules.allocate(
        RecoveryId(work.new_id()),
        case.claim,
        case.legs,
        receipt,
        by=by.sub,
        org=by.org,
        today=work.today,
    )
    if not await store.insert(work, recovery):
        raise rules.RecoveryBooked(f"claim {claim_id} has a recovery {receipt.reference!r}")
    after = await claims.book_recovery(work, case, recovery.received, event)
    return Recorded(recovery, after.version)


async def page(
    work: Transaction, claim_id: UUID, *, reader: str | None, after: UUID | None, limit: int
) -> Sequence[Recovery]:
    """Read up to ``limit`` + 1 recoveries of a claim that the reader may see."""
    await claims.get_claim(work, claim_id, reader=reader)
    return await store.of_claim(work, claim_id, after=after, limit=limit)
