"""SQL of the qualifications."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.registry.qualifications.rules import (
    Qualification,
    QualificationId,
    QualificationNotFound,
)
from shared.db.database import Row, Transaction
from shared.errors import StaleVersion, ensure
from shared.uscc import Uscc

_COLUMNS = (
    "id, version, uscc, category, certificate_no, granted_by, valid_from, valid_to, revoked_on"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A qualification with the version of its own row, for its ETag."""

    qualification: Qualification
    version: int


async def insert_many(work: Transaction, qualifications: Sequence[Qualification]) -> None:
    """Store new qualifications, at version 1."""
    await work.executemany(
        "INSERT INTO qualification (id, version, uscc, category, certificate_no, granted_by, "
        "valid_from, valid_to) VALUES ($1, 1, $2, $3, $4, $5, $6, $7)",
        [
            (
                entry.id,
                entry.uscc.code,
                entry.category,
                entry.certificate_no,
                entry.granted_by,
                entry.valid_from,
                entry.valid_to,
            )
            for entry in qualifications
        ],
    )


async def amend_many(work: Transaction, qualifications: Sequence[Qualification]) -> None:
    """Store amended periods of qualifications, whose enterprises' rows are locked."""
    tag = await work.execute(
        "UPDATE qualification SET version = version + 1, valid_from = new.valid_from, "
        "valid_to = new.valid_to FROM unnest($1::uuid[], $2::date[], $3::date[]) "
        "AS new (id, valid_from, valid_to) WHERE qualification.id = new.id",
        [entry.id for entry in qualifications],
        [entry.valid_from for entry in qualifications],
        [entry.valid_to for entry in qualifications],
    )
    ensure(tag == f"UPDATE {len(qualifications)}", "a locked enterprise's qualifications exist")


async def save(work: Transaction, stored: Stored, *, reason: str | None) -> Stored:
    """Store a changed qualification, whose enterprise's row is locked."""
    entry = stored.qualification
    await work.execute(
        "UPDATE qualification SET version = $2, certificate_no = $3, valid_from = $4, "
        "valid_to = $5, revoked_on = $6, revoked_because = $7 WHERE id = $1",
        entry.id,
        stored.version + 1,
        entry.certificate_no,
        entry.valid_from,
        entry.valid_to,
        entry.revoked_on,
        reason if entry.revoked_on else None,
    )
    return Stored(entry, stored.version + 1)


async def get(
    work: Transaction, qualification_id: UUID, *, expected_version: int | None = None
) -> Stored:
    """Read a qualification; raises QualificationNotFound, or StaleVersion if it moved on."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM qualification WHERE id = $1",  # noqa: S608 - constant columns
        qualification_id,
    )
    if row is None:
        raise QualificationNotFound(f"no qualification {qualification_id}")
    if expected_version is not None and row["version"] != expected_version:
        raise StaleVersion(f"qualification {qualification_id} is at version {row['version']}")
    return _stored(row)


async def show(work: Transaction, qualification_id: UUID, *, reader: str | None) -> Stored:
    """Read a qualification for one organisation, which must have granted it; None reads any."""
    stored = await get(work, qualification_id)
    if reader not in (None, stored.qualification.granted_by):
        raise QualificationNotFound(f"no qualification {qualification_id}")
    return stored


async def of_enterprises(work: Transaction, usccs: Sequence[str]) -> list[Stored]:
    """Read the qualifications of several enterprises, oldest first."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM qualification "  # noqa: S608 - constant columns
        "WHERE uscc = ANY($1::text[]) ORDER BY id",
        list(usccs),
    )
    return [_stored(row) for row in rows]


async def show_all(work: Transaction, uscc: str, *, reader: str | None) -> list[Stored]:
    """Read what one organisation granted an enterprise, or what anyone did for None.

    Raises QualificationNotFound where the organisation granted nothing: an empty answer would say
    that the enterprise holds nothing.
    """
    held = await of_enterprises(work, [uscc])
    shown = [stored for stored in held if reader in (None, stored.qualification.granted_by)]
    if reader is not None and not shown:
        raise QualificationNotFound(f"{reader} granted nothing to {uscc}")
    return shown


def _stored(row: Row) -> Stored:
    entry = Qualification(
        id=QualificationId(row["id"]),
        uscc=Uscc(row["uscc"]),
        category=row["category"],
        certificate_no=row["certificate_no"],
        granted_by=row["granted_by"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        revoked_on=row["revoked_on"],
    )
    return Stored(entry, row["version"])
