"""SQL of the pilot qualifications."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.insurance.qualifications.rules import Qualification, QualificationId
from shared.db.database import Transaction
from shared.errors import NotFound
from shared.uscc import Uscc


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
        "SELECT id, version, uscc, pilot, equipment_kind, product, equipment_value_fen, quota_fen, "
        "confirmed_by, confirmed_at, valid_from, valid_to FROM qualification WHERE id = $1",
        qualification_id,
    )
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
    )
    return Stored(entry, row["version"], row["confirmed_at"])
