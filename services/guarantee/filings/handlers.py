"""Use cases of the filings: file what is in force, require that it is filed, show a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.guarantee.figures.rules import MOST_SOURCES, require_bounded
from services.guarantee.filings import rules, store
from services.guarantee.filings.rules import Filing
from services.guarantee.filings.store import Sums
from services.guarantee.guarantees import handlers as guarantees
from services.guarantee.known import handlers as known
from services.guarantee.programmes import handlers as programmes
from services.guarantee.rulebook.handlers import RULEBOOK
from shared.db.database import Transaction

REGUARANTOR = "reguarantor"


@dataclass(frozen=True, slots=True)
class FiledBatch:
    """A month's batch with one organisation."""

    org: str
    month: date
    sums: Sums
    filings: Sequence[Filing]


async def file_in_force(
    work: Transaction, day: date, *, after: UUID | None, limit: int
) -> tuple[UUID | None, list[UUID]]:
    """At a month's end, file the next ``limit`` guarantees in force that are not filed.

    Returns the last id looked at, None at the end, and the guarantees that were filed now.
    """
    if not rules.is_month_end(day):
        return None, []
    held = await guarantees.in_force(work, day, after=after, limit=limit)
    orgs = sorted({org for s in held for org in s.guarantee.letter.orgs.values()})
    kinds = await known.institutions(work, orgs)
    reguarantors = frozenset(code for code, found in kinds.items() if found.kind == REGUARANTOR)
    packs = await RULEBOOK.current(work)
    filings = [
        (filing, stored.guarantee.application.guarantor)
        for stored in held
        for filing in rules.filings_of(
            stored.guarantee,
            programmes.pack_of(packs, stored.guarantee.letter.pack),
            reguarantors=reguarantors,
            on=day,
        )
    ]
    filed = await store.insert_all(work, filings)
    return (held[-1].guarantee.id if len(held) == limit else None), filed


async def require_filed(work: Transaction, guarantee_id: UUID, *, org: str) -> None:
    """Raise NotFiled for a re-guarantor with whom a guarantee should have been filed by now."""
    found = (await known.institutions(work, [org])).get(org)
    if found is None or found.kind != REGUARANTOR:
        return
    guarantee = (await guarantees.get(work, guarantee_id, reader=None)).guarantee
    rules.require_filed(
        filed=await store.is_filed(work, guarantee_id, org=org),
        effective_on=guarantee.effective_on,
        today=work.today,
    )


async def batch(work: Transaction, org: str, month: date, *, reader: str | None) -> FiledBatch:
    """Read a month's batch; raises FilingsNotFound where the reader sees none of it."""
    sums = await store.sums(work, org, month, reader=reader)
    if not sums.count:
        raise rules.FilingsNotFound(f"nothing was filed with {org} for {month:%Y-%m}")
    filings = await store.batch(work, org, month, reader=reader, limit=MOST_SOURCES)
    require_bounded(filings)
    return FiledBatch(org, month, sums, filings)
