"""SQL of the disclosure log: it is appended to and read."""

from collections.abc import Sequence
from uuid import UUID

from services.notify.disclosures.rules import Disclosure
from shared.db.database import Row, Transaction

_COLUMNS = (
    "read_id, position, subscriber, person, feed, event_id, uscc, fields, purpose, legal_basis, "
    "subscription_id, consent_id, disclosed_at"
)


async def append(work: Transaction, rows: Sequence[Disclosure]) -> None:
    """Append the rows of one read."""
    await work.executemany(
        f"INSERT INTO disclosure ({_COLUMNS}) "  # noqa: S608 - constant columns
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        [
            (
                row.read_id,
                row.position,
                row.subscriber,
                row.person,
                row.feed,
                row.event_id,
                row.uscc,
                list(row.fields),
                row.purpose,
                row.legal_basis,
                row.subscription_id,
                row.consent_id,
                row.disclosed_at,
            )
            for row in rows
        ],
    )


async def page(
    work: Transaction,
    *,
    subscriber: str | None,
    uscc: str | None,
    after: tuple[UUID, int] | None,
    limit: int,
) -> list[Disclosure]:
    """Read up to ``limit`` + 1 rows in the order of the reads, after one row."""
    read_id, position = after or (None, None)
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM disclosure "  # noqa: S608 - constant columns
        "WHERE ($1::text IS NULL OR subscriber = $1) AND ($2::text IS NULL OR uscc = $2) "
        "AND ($3::uuid IS NULL OR (read_id, position) > ($3, $4::bigint)) "
        "ORDER BY read_id, position LIMIT $5",
        subscriber,
        uscc,
        read_id,
        position,
        limit + 1,
    )
    return [_disclosure(row) for row in rows]


def _disclosure(row: Row) -> Disclosure:
    return Disclosure(**{**dict(row), "fields": tuple(row["fields"])})
