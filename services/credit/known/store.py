"""SQL of what credit knows of institutions, enterprises, consents and breakers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.credit.known.rules import Institution
from shared.db.database import Transaction
from shared.events.guarantee import BreakerRestored, BreakerTripped
from shared.events.registry import ConsentGranted, ConsentRevoked, InstitutionRegistered


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Why a bank may enrol nothing in a programme: its losses over their base, in fen."""

    numerator_fen: int
    base_fen: int
    threshold_ppm: int
    tripped_on: date


async def save_institution(work: Transaction, event: InstitutionRegistered) -> None:
    """Note the directory's newest entry of an institution."""
    await work.execute(
        "INSERT INTO known_institution (code, kind, valid_from, valid_to) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT (code) DO UPDATE SET kind = excluded.kind, "
        "valid_from = excluded.valid_from, valid_to = excluded.valid_to",
        event.code,
        event.kind,
        event.valid_from,
        event.valid_to,
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


async def institution(work: Transaction, code: str) -> Institution | None:
    """Return an institution's entry, or None if it is unknown."""
    row = await work.fetchrow(
        "SELECT kind, valid_from, valid_to FROM known_institution WHERE code = $1", code
    )
    return None if row is None else Institution(**dict(row))


async def registered(work: Transaction, usccs: Sequence[str]) -> frozenset[str]:
    """Return those enterprises that are registered."""
    rows = await work.fetch(
        "SELECT uscc FROM known_enterprise WHERE uscc = ANY($1::text[])", list(usccs)
    )
    return frozenset(row["uscc"] for row in rows)


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


async def save_breaker(work: Transaction, event: BreakerTripped) -> None:
    """Note that a programme suspended a bank."""
    await work.execute(
        "INSERT INTO known_breaker (programme, bank, numerator_fen, base_fen, threshold_ppm, "
        "tripped_on) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (programme, bank) DO UPDATE SET "
        "numerator_fen = excluded.numerator_fen, base_fen = excluded.base_fen, "
        "threshold_ppm = excluded.threshold_ppm, tripped_on = excluded.tripped_on",
        event.programme,
        event.bank,
        event.numerator_fen,
        event.base_fen,
        event.threshold_ppm,
        event.on,
    )


async def delete_breaker(work: Transaction, event: BreakerRestored) -> None:
    """Note that a programme admits a bank again."""
    await work.execute(
        "DELETE FROM known_breaker WHERE programme = $1 AND bank = $2",
        event.programme,
        event.bank,
    )


async def breaker(work: Transaction, *, programme: str, bank: str) -> Breaker | None:
    """Return the breaker that holds a bank off a programme, or None."""
    row = await work.fetchrow(
        "SELECT numerator_fen, base_fen, threshold_ppm, tripped_on FROM known_breaker "
        "WHERE programme = $1 AND bank = $2",
        programme,
        bank,
    )
    return None if row is None else Breaker(**dict(row.items()))
