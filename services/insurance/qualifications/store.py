"""SQL of the pilot qualifications."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.insurance.qualifications.rules import Qualification, QualificationId
from shared.db.database import Row, Transaction
from shared.errors import NotFound
from shared.uscc import Uscc

_COLUMNS = (
    "id, version, uscc, pilot, equipment_kind, product, equipment_value_fen, quota_fen, "
    "confirmed_by, confirmed_at, valid_from, valid_to, subsidised_fen"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A qualification with its version and the instant at which it was confirmed."""

    qualification: Qualification
    version: int
    confirmed_at: datetime


async def insert(work: Transaction, entry: Qualification, *, version: int) -> Stored:
    """Store a new qualification."""
    await work.execute(
        "INSERT INTO qualification (id, version, uscc, pilot, equipment_kind, product, "
        "equipment_value_fen, quota_fen, confirmed_by, confirmed_at, valid_from, valid_to) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        entry.id,
        version,
        entry.uscc.code,
        entry.pilot,
        entry.equipment_kind,
        entry.product,
        entry.equipment_value_fen,
        entry.quota_fen,
        entry.confirmed_by,
        work.now,
        entry.valid_from,
        entry.valid_to,
    )
    return Stored(entry, version, work.now)


async def get(work: Transaction, qualification_id: UUID) -> Stored:
    """Read a qualification; raises NotFound."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM qualification WHERE id = $1",  # noqa: S608 - constants
        qualification_id,
    )
    return _stored(row, qualification_id)


async def lock(work: Transaction, qualification_id: UUID) -> Stored:
    """Lock a qualification for a change of its quota; raises NotFound."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM qualification WHERE id = $1 FOR UPDATE",  # noqa: S608 - constants
        qualification_id,
    )
    return _stored(row, qualification_id)


async def save_quota(work: Transaction, entry: Qualification) -> None:
    """Store how much of the quota is taken; the row is locked and its version stays.

    The version numbers the qualification's own events, and no fact about it has changed.
    """
    await work.execute(
        "UPDATE qualification SET subsidised_fen = $2 WHERE id = $1", entry.id, entry.subsidised_fen
    )


def _stored(row: Row | None, qualification_id: UUID) -> Stored:
    if row is None:
        raise NotFound(f"no qualification {qualification_id}")
    entry = Qualification(
        id=QualificationId(row["id"]),
        uscc=Uscc(row["uscc"]),
        pilot=row["pilot"],
        equipment_kind=row["equipment_kind"],
        product=row["product"],
        equipment_value_fen=row["equipment_value_fen"],
        quota_fen=row["quota_fen"],
        confirmed_by=row["confirmed_by"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        subsidised_fen=row["subsidised_fen"],
    )
    return Stored(entry, row["version"], row["confirmed_at"])
