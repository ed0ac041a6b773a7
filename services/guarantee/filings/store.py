"""SQL of the filings; a filing is never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.guarantee.filings.rules import Filing
from shared.db.database import Transaction

_COLUMNS = "guarantee_id, party, org, month, filed_on, guaranteed_fen, share_ppm, fee_fen"


@dataclass(frozen=True, slots=True)
class Sums:
    """What a batch adds up to."""

    count: int
    guaranteed_fen: int
    fee_fen: int


async def insert_all(work: Transaction, filings: Sequence[tuple[Filing, str]]) -> list[UUID]:
    """Store filings with their guarantors; returns the guarantees that were not filed before."""
    rows = await work.fetch(
        f"INSERT INTO filing ({_COLUMNS}, guarantor) SELECT * FROM unnest($1::uuid[], "  # noqa: S608 - constant columns
        "$2::text[], $3::text[], $4::date[], $5::date[], $6::bigint[], $7::integer[], "
        "$8::bigint[], $9::text[]) ON CONFLICT DO NOTHING RETURNING guarantee_id",
        *([getattr(filing, name) for filing, _ in filings] for name in _COLUMNS.split(", ")),
        [guarantor for _, guarantor in filings],
    )
    return list(dict.fromkeys(row["guarantee_id"] for row in rows))


async def is_filed(work: Transaction, guarantee_id: UUID, *, org: str) -> bool:
    """Tell whether a guarantee was filed with an organisation."""
    found: bool = await work.fetchval(
        "SELECT EXISTS (SELECT FROM filing WHERE guarantee_id = $1 AND org = $2)",
        guarantee_id,
        org,
    )
    return found


async def sums(work: Transaction, org: str, month: date, *, reader: str | None) -> Sums:
    """Add up a month's batch, of what the reader may see."""
    row = await work.fetchrow(
        "SELECT count(*) AS count, coalesce(sum(guaranteed_fen), 0)::bigint AS guaranteed_fen, "
        "coalesce(sum(fee_fen), 0)::bigint AS fee_fen FROM filing WHERE org = $1 AND month = $2 "
        "AND ($3::text IS NULL OR $3 IN (org, guarantor))",
        org,
        month,
        reader,
    )
    return Sums(0, 0, 0) if row is None else Sums(*row)


async def batch(
    work: Transaction, org: str, month: date, *, reader: str | None, limit: int
) -> list[Filing]:
    """Read up to ``limit`` + 1 filings of a month, of what the reader may see."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM filing WHERE org = $1 AND month = $2 "  # noqa: S608 - constant columns
        "AND ($3::text IS NULL OR $3 IN (org, guarantor)) ORDER BY guarantee_id, party LIMIT $4",
        org,
        month,
        reader,
        limit + 1,
    )
    return [Filing(**dict(row)) for row in rows]
