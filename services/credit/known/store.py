"""SQL of what credit knows of registry's institutions, enterprises and consents."""

from datetime import date

from shared.db.database import Transaction
from shared.events.registry import ConsentGranted, ConsentRevoked, InstitutionRegistered


async def save_institution(work: Transaction, event: InstitutionRegistered) -> None:
    """Note an institution's kind."""
    await work.execute(
        "INSERT INTO known_institution (code, kind) VALUES ($1, $2) "
        "ON CONFLICT (code) DO UPDATE SET kind = excluded.kind",
        event.code,
        event.kind,
    )


async def save_enterprise(work: Transaction, uscc: str) -> None:
    """Note that an enterprise is registered."""
    await work.execute(
        "INSERT INTO known_enterprise (uscc) VALUES ($1) ON CONFLICT DO NOTHING", uscc
    )


async def save_consent(work: Transaction, event: ConsentGranted) -> None:
    """Note a consent."""
    await work.execute(
        "INSERT INTO known_consent (id, uscc, grantee, purpose, valid_from, valid_to) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        event.consent_id,
        event.uscc,
        event.grantee,
        event.purpose,
        event.valid_from,
        event.valid_to,
    )


async def revoke_consent(work: Transaction, event: ConsentRevoked) -> None:
    """Note that a consent ended."""
    await work.execute(
        "UPDATE known_consent SET revoked_on = $2 WHERE id = $1",
        event.consent_id,
        event.revoked_on,
    )


async def kind_of(work: Transaction, code: str) -> str | None:
    """Return an institution's kind, or None if it is unknown."""
    kind: str | None = await work.fetchval(
        "SELECT kind FROM known_institution WHERE code = $1", code
    )
    return kind


async def is_registered(work: Transaction, uscc: str) -> bool:
    """Tell whether an enterprise is registered."""
    return bool(await work.fetchval("SELECT true FROM known_enterprise WHERE uscc = $1", uscc))


async def consents(work: Transaction, *, uscc: str, grantee: str, on: date) -> bool:
    """Tell whether the enterprise lets the bank assess its credit on a day."""
    return bool(
        await work.fetchval(
            "SELECT true FROM known_consent WHERE uscc = $1 AND grantee = $2 "
            "AND purpose = 'credit_assessment' AND valid_from <= $3 AND $3 < valid_to "
            "AND (revoked_on IS NULL OR $3 < revoked_on) LIMIT 1",
            uscc,
            grantee,
            on,
        )
    )
