"""SQL of what insurance knows of registry's institutions and enterprises."""

from collections.abc import Sequence
from datetime import date

from shared.db.database import Transaction
from shared.events.registry import InstitutionRegistered


async def save_institution(work: Transaction, event: InstitutionRegistered) -> None:
    """Note an institution's kind and validity, or its new entry."""
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


async def insurers(work: Transaction, codes: Sequence[str], *, on: date) -> set[str]:
    """Return those of the codes that are an insurer's on a business date."""
    rows = await work.fetch(
        "SELECT code FROM known_institution WHERE code = ANY($1::text[]) AND kind = 'insurer' "
        "AND valid_from <= $2 AND (valid_to IS NULL OR $2 < valid_to)",
        list(codes),
        on,
    )
    return {row["code"] for row in rows}


async def is_registered(work: Transaction, uscc: str) -> bool:
    """Tell whether an enterprise is registered."""
    return bool(await work.fetchval("SELECT true FROM known_enterprise WHERE uscc = $1", uscc))
