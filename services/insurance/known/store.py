"""SQL of what insurance knows of registry's institutions and enterprises."""

from collections.abc import Sequence

from shared.db.database import Transaction
from shared.events.registry import InstitutionRegistered


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


async def kinds(work: Transaction, codes: Sequence[str]) -> dict[str, str]:
    """Return the kinds of those institutions that are known."""
    rows = await work.fetch(
        "SELECT code, kind FROM known_institution WHERE code = ANY($1::text[])", list(codes)
    )
    return {row["code"]: row["kind"] for row in rows}


async def is_registered(work: Transaction, uscc: str) -> bool:
    """Tell whether an enterprise is registered."""
    return bool(await work.fetchval("SELECT true FROM known_enterprise WHERE uscc = $1", uscc))
