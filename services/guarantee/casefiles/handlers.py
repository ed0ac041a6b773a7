"""The case file (业务档案): everything about one guarantee, read in one snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.guarantee.claims import handlers as claims
from services.guarantee.claims.handlers import Case
from services.guarantee.fund import handlers as funds
from services.guarantee.fund.handlers import BookedPosting
from services.guarantee.guarantees import handlers as guarantees
from services.guarantee.guarantees.handlers import StoredGuarantee
from services.guarantee.losses.rules import Split
from services.guarantee.programmes import handlers as programmes
from services.guarantee.recoveries import handlers as recoveries
from services.guarantee.recoveries.rules import Recovery
from shared.db.database import Transaction
from shared.rulepack.catalogue import PackCatalogue
from shared.rulepack.pack import Pack

MOST = 5_000
"""The most recoveries of a claim, and the most postings, that one file shows."""


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """A claim with its legs, its split once it is approved, and what came back."""

    case: Case
    split: Split | None
    recoveries: Sequence[Recovery]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A guarantee, the pack that its letter pins, its claims, and what its fund booked for them.

    ``postings`` is None for a reader who may not see the fund's ledger. ``complete`` is false where
    there is more than :data:`MOST` of something.
    """

    guarantee: StoredGuarantee
    pack: Pack | None
    claims: tuple[ClaimFile, ...]
    postings: Sequence[BookedPosting] | None
    complete: bool

    @property
    def version(self) -> int:
        """The guarantee's version, for the ETag."""
        return self.guarantee.version


async def case_file(
    work: Transaction,
    guarantee_id: UUID,
    *,
    packs: PackCatalogue,
    reader: str | None,
    reads_every_fund: bool,
) -> CaseFile:
    """Read a guarantee's file; raises GuaranteeNotFound for who is no party to it.

    ``reader`` is the organisation that asks, or None for one that oversees. The fund's postings are
    for the fund itself and for ``reads_every_fund``.
    """
    stored = await guarantees.get(work, guarantee_id, reader=reader)
    filed = [
        await _claim_file(work, case)
        for case in await claims.page(
            work, reader=None, guarantee_id=guarantee_id, after=None, limit=MOST
        )
    ]
    cover = stored.guarantee.cover
    postings: Sequence[BookedPosting] | None = None
    if cover is not None and (reads_every_fund or reader == cover.fund):
        causes = [guarantee_id, *_causes(filed)]
        postings = await funds.postings_of(work, cover.fund, causes, limit=MOST)
    return CaseFile(
        guarantee=stored,
        pack=None if cover is None else programmes.pack_of(packs, cover.pack),
        claims=tuple(filed),
        postings=None if postings is None else postings[:MOST],
        complete=all(
            len(part) <= MOST for part in (postings or (), *(f.recoveries for f in filed))
        ),
    )


def _causes(filed: Sequence[ClaimFile]) -> list[UUID]:
    return [
        cause
        for each in filed
        for cause in (each.case.claim.id, *(recovery.id for recovery in each.recoveries))
    ]


async def _claim_file(work: Transaction, case: Case) -> ClaimFile:
    claim = case.claim
    split = None
    if claim.eligible_loss_fen is not None:
        _, split = await claims.get_split(work, claim.id, reader=None)
    back = await recoveries.page(work, claim.id, reader=None, after=None, limit=MOST)
    return ClaimFile(case, split, back)
