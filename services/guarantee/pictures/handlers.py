"""Use cases of the pictures: read what is to be drawn."""

from dataclasses import dataclass
from uuid import UUID

from services.guarantee.claims import handlers as claims
from services.guarantee.losses.rules import Leg, Split
from services.guarantee.programmes import handlers as programmes
from shared.db.database import Transaction
from shared.rulepack.catalogue import PackCatalogue
from shared.rulepack.pack import Pack


@dataclass(frozen=True, slots=True)
class Drawable:
    """A decided split, its legs and the pack that decided it."""

    split: Split
    legs: tuple[Leg, ...]
    pack: Pack


async def split_of_claim(
    work: Transaction, claim_id: UUID, *, packs: PackCatalogue, reader: str | None
) -> Drawable:
    """Read the split of a claim that the reader may see; raises SplitNotFound, ClaimNotFound."""
    case, split = await claims.get_split(work, claim_id, reader=reader)
    return Drawable(split, case.legs, programmes.pack_of(packs, split.pack))
