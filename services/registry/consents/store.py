"""SQL of the consents; maps rows to the rules' types."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.registry.consents.rules import Consent, ConsentId
from shared.db.database import Row, Transaction
from shared.errors import NotFound, StaleVersion, ensure
from shared.uscc import Uscc

_COLUMNS = (
    "id, version, uscc, grantee, purpose, feeds, evidence_sha256, valid_from, valid_to, revoked_on"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A consent with the version that its row has."""

    consent: Consent
    version: int


async def insert(work: Transaction, consent: Consent, *, version: int) -> Stored:
    """Store a new consent."""
    await work.execute(
        "INSERT INTO consent (id, version, uscc, grantee, purpose, feeds, evidence_sha256, "
        "valid_from, valid_to, granted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        consent.id,
        version,
        consent.uscc.code,
        consent.grantee,
        consent.purpose,
        list(consent.feeds),
        consent.evidence_sha256,
        consent.valid_from,
        consent.valid_to,
        work.now,
    )
    return Stored(consent, version)


async def lock(work: Transaction, consent_id: UUID, *, expected_version: int) -> Stored:
    """Lock a consent for a change; raises NotFound, or StaleVersion if it moved on."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM consent WHERE id = $1 FOR UPDATE",  # noqa: S608 - constant columns
        consent_id,
    )
    if row is None:
        raise NotFound(f"no consent {consent_id}")
    if row["version"] != expected_version:
        raise StaleVersion(f"consent {consent_id} is at version {row['version']}")
    return _stored(row)


async def save(work: Transaction, consent: Consent, *, version: int) -> Stored:
    """Store a changed consent, whose row is locked."""
    tag = await work.execute(
        "UPDATE consent SET revoked_on = $2, version = $3 WHERE id = $1",
        consent.id,
        consent.revoked_on,
        version,
    )
    ensure(tag == "UPDATE 1", "a locked consent exists")
    return Stored(consent, version)


async def get(work: Transaction, consent_id: UUID, *, reader: str | None) -> Stored:
    """Read a consent; ``reader`` limits it to one grantee, None reads any."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM consent "  # noqa: S608 - constant columns
        "WHERE id = $1 AND ($2::text IS NULL OR grantee = $2)",
        consent_id,
        reader,
    )
    if row is None:
        raise NotFound(f"no consent {consent_id}")
    return _stored(row)


async def page(
    work: Transaction, *, reader: str | None, uscc: str | None, after: UUID | None, limit: int
) -> list[Stored]:
    """Read up to ``limit`` + 1 consents in id order, after one id."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM consent "  # noqa: S608 - constant columns
        "WHERE ($1::text IS NULL OR grantee = $1) AND ($2::text IS NULL OR uscc = $2) "
        "AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4",
        reader,
        uscc,
        after,
        limit + 1,
    )
    return [_stored(row) for row in rows]


def _stored(row: Row) -> Stored:
    revoked_on: date | None = row["revoked_on"]
    consent = Consent(
        id=ConsentId(row["id"]),
        uscc=Uscc(row["uscc"]),
        grantee=row["grantee"],
        purpose=row["purpose"],
        feeds=tuple(row["feeds"]),
        evidence_sha256=row["evidence_sha256"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        revoked_on=revoked_on,
    )
    return Stored(consent, row["version"])
