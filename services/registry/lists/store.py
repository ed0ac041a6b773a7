"""SQL of the lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.registry.lists.rules import Version
from shared.db.database import Transaction
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class ListVersion:
    """A published version of a list and who was on it."""

    list_code: str
    version: int
    published_by: str
    published_at: datetime
    accepted: int
    rejected: int
    members: tuple[str, ...]


async def lock_last(work: Transaction, list_code: str) -> Version | None:
    """Return a list's last version, or None; two imports of one list take turns from here on."""
    await work.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('list ' || $1, 0))", list_code
    )
    row = await work.fetchrow(
        "SELECT version, published_by FROM list_version WHERE list_code = $1 "
        "ORDER BY version DESC LIMIT 1",
        list_code,
    )
    return None if row is None else Version(list_code, row["version"], row["published_by"])


async def insert_version(
    work: Transaction, version: Version, *, accepted: int, rejected: int
) -> None:
    """Store a version."""
    await work.execute(
        "INSERT INTO list_version (list_code, version, published_by, published_at, accepted, "
        "rejected) VALUES ($1, $2, $3, $4, $5, $6)",
        version.list_code,
        version.number,
        version.published_by,
        work.now,
        accepted,
        rejected,
    )


async def insert_members(work: Transaction, version: Version, usccs: Sequence[str]) -> None:
    """Store who is on a version."""
    await work.execute(
        "INSERT INTO list_member (list_code, list_version, uscc) SELECT $1, $2, unnest($3::text[])",
        version.list_code,
        version.number,
        list(usccs),
    )


async def members(work: Transaction, list_code: str, version: int) -> list[str]:
    """Return the codes of who is on a version, in order."""
    rows = await work.fetch(
        "SELECT uscc FROM list_member WHERE list_code = $1 AND list_version = $2 ORDER BY uscc",
        list_code,
        version,
    )
    return [row["uscc"] for row in rows]


async def get(work: Transaction, list_code: str, version: int) -> ListVersion:
    """Read a version with its members; raises NotFound."""
    row = await work.fetchrow(
        "SELECT published_by, published_at, accepted, rejected FROM list_version "
        "WHERE list_code = $1 AND version = $2",
        list_code,
        version,
    )
    if row is None:
        raise NotFound(f"no version {version} of list {list_code}")
    return ListVersion(
        list_code=list_code,
        version=version,
        published_by=row["published_by"],
        published_at=row["published_at"],
        accepted=row["accepted"],
        rejected=row["rejected"],
        members=tuple(await members(work, list_code, version)),
    )
