"""SQL of what notify keeps of other services' events: institutions and consents."""

from collections.abc import Sequence
from uuid import UUID

from services.notify.known.rules import KnownConsent, KnownInstitution
from shared.db.database import Row, Transaction
from shared.errors import NotFound, ensure
from shared.events.registry import ConsentGranted, ConsentRevoked, InstitutionRegistered

_CONSENT = (
    "consent_id, uscc, grantee, purpose, feeds, valid_from, valid_to, revoked_on, known_since"
)


async def save_institution(work: Transaction, event: InstitutionRegistered) -> None:
    """Insert or replace an institution."""
    await work.execute(
        "INSERT INTO known_institution (code, kind, valid_from, valid_to) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT (code) DO UPDATE SET kind = excluded.kind, "
        "valid_from = excluded.valid_from, valid_to = excluded.valid_to",
        event.code,
        event.kind,
        event.valid_from,
        event.valid_to,
    )


async def institution(work: Transaction, code: str) -> KnownInstitution | None:
    """Return an institution, or None where none of the code has arrived."""
    row = await work.fetchrow(
        "SELECT code, kind, valid_from, valid_to FROM known_institution WHERE code = $1", code
    )
    return None if row is None else KnownInstitution(**dict(row))


async def insert_consent(work: Transaction, event: ConsentGranted) -> None:
    """Store a consent."""
    await work.execute(
        "INSERT INTO known_consent (consent_id, uscc, grantee, purpose, feeds, valid_from, "
        "valid_to, known_since) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        event.consent_id,
        event.uscc,
        event.grantee,
        event.purpose,
        list(event.feeds),
        event.valid_from,
        event.valid_to,
        work.now,
    )


async def revoke_consent(work: Transaction, event: ConsentRevoked) -> None:
    """Mark a consent as revoked; it came before its revocation, by the same key."""
    tag = await work.execute(
        "UPDATE known_consent SET revoked_on = $2, known_since = $3 WHERE consent_id = $1",
        event.consent_id,
        event.revoked_on,
        work.now,
    )
    ensure(tag == "UPDATE 1", "a consent arrives before its revocation")


async def consent(work: Transaction, consent_id: UUID, *, reader: str | None) -> KnownConsent:
    """Read a consent; ``reader`` limits it to one grantee. Raises NotFound until it has arrived."""
    row = await work.fetchrow(
        f"SELECT {_CONSENT} FROM known_consent "  # noqa: S608 - constant columns
        "WHERE consent_id = $1 AND ($2::text IS NULL OR grantee = $2)",
        consent_id,
        reader,
    )
    if row is None:
        raise NotFound(f"no consent {consent_id} has arrived")
    return _consent(row)


async def consents_to(
    work: Transaction, grantee: str, usccs: Sequence[str]
) -> dict[str, list[KnownConsent]]:
    """Return all that some enterprises ever consented to one grantee, by enterprise."""
    rows = await work.fetch(
        f"SELECT {_CONSENT} FROM known_consent "  # noqa: S608 - constant columns
        "WHERE grantee = $1 AND uscc = ANY($2::text[]) ORDER BY consent_id",
        grantee,
        usccs,
    )
    found: dict[str, list[KnownConsent]] = {}
    for row in rows:
        found.setdefault(row["uscc"], []).append(_consent(row))
    return found


def _consent(row: Row) -> KnownConsent:
    return KnownConsent(**{**dict(row), "feeds": tuple(row["feeds"])})
