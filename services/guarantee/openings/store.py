"""SQL of the openings; the programme's row lock guards them."""

from dataclasses import dataclass
from uuid import UUID

from services.guarantee.openings.rules import (
    Opening,
    OpeningId,
    OpeningNotFound,
    OpeningState,
)
from services.guarantee.programmes.rules import WHOLE_PROGRAMME
from shared.db.database import Row, Transaction
from shared.errors import StaleVersion, ensure

_COLUMNS = (
    "id, programme, bank, year, balance_fen, filed_by, filed_on, state, confirmed_by, "
    "confirmed_on, replaced_fen"
)
_SELECT = f"SELECT version, {_COLUMNS} FROM programme_opening"  # noqa: S608 - constant columns


@dataclass(frozen=True, slots=True)
class Stored:
    """An opening with the version that its row has."""

    opening: Opening
    version: int


async def supersede(work: Transaction, newer: Opening) -> None:
    """Let an opening of the same base that still waits give way to a newer one."""
    await work.execute(
        "UPDATE programme_opening SET state = $4, version = version + 1 "
        "WHERE programme = $1 AND bank = $2 AND year = $3 AND state = $5",
        newer.programme,
        newer.bank,
        newer.year,
        OpeningState.SUPERSEDED,
        OpeningState.FILED,
    )


async def insert(work: Transaction, opening: Opening) -> Stored:
    """Store a filed opening."""
    await work.execute(
        f"INSERT INTO programme_opening (version, {_COLUMNS}) "  # noqa: S608 - constant columns
        "VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        *(getattr(opening, name) for name in _COLUMNS.split(", ")),
    )
    return Stored(opening, 1)


async def save(work: Transaction, opening: Opening, *, version: int) -> Stored:
    """Store that an opening was confirmed."""
    tag = await work.execute(
        "UPDATE programme_opening SET version = $2, state = $3, confirmed_by = $4, "
        "confirmed_on = $5, replaced_fen = $6 WHERE id = $1",
        opening.id,
        version,
        opening.state,
        opening.confirmed_by,
        opening.confirmed_on,
        opening.replaced_fen,
    )
    ensure(tag == "UPDATE 1", "an opening of a locked programme exists")
    return Stored(opening, version)


async def get(
    work: Transaction,
    programme: str,
    opening_id: UUID,
    *,
    only_bank: str | None = None,
    expected_version: int | None = None,
) -> Stored:
    """Read an opening; ``only_bank`` hides the other banks'.

    Raises OpeningNotFound, StaleVersion.
    """
    row = await work.fetchrow(
        f"{_SELECT} WHERE programme = $1 AND id = $2 AND ($3::text IS NULL OR bank IN ($3, $4))",
        programme,
        opening_id,
        only_bank,
        WHOLE_PROGRAMME,
    )
    if row is None:
        raise OpeningNotFound(f"programme {programme} has no opening {opening_id}")
    stored = _stored(row)
    if expected_version not in {None, stored.version}:
        raise StaleVersion(f"opening {opening_id} is at version {stored.version}")
    return stored


async def page(
    work: Transaction, programme: str, *, only_bank: str | None, after: UUID | None, limit: int
) -> list[Stored]:
    """Read up to ``limit`` + 1 openings of a programme in id order, after one id."""
    rows = await work.fetch(
        f"{_SELECT} WHERE programme = $1 AND ($2::text IS NULL OR bank IN ($2, $3)) "
        "AND ($4::uuid IS NULL OR id > $4) ORDER BY id LIMIT $5",
        programme,
        only_bank,
        WHOLE_PROGRAMME,
        after,
        limit + 1,
    )
    return [_stored(row) for row in rows]


def _stored(row: Row) -> Stored:
    columns = dict(row)
    version: int = columns.pop("version")
    columns["id"] = OpeningId(columns["id"])
    columns["state"] = OpeningState(columns["state"])
    return Stored(Opening(**columns), version)
