"""SQL of the lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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


async def next_version(work: Transaction, list_code: str) -> int:
    """Return the number of the next version; two imports of one list take turns."""
    await work.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('list ' || $1, 0))", list_code
    )
    number: int = await work.fetchval(
        "SELECT coalesce(max(version), 0) + 1 FROM list_version WHERE list_code = $1", list_code
    )
    return number


async def insert_version(
    work: Transaction, list_code: str, version: int, *, by: str, accepted: int, rejected: int
) -> None:
    """Store a version."""
    await work.execute(
        "INSERT INTO list_version (list_code, version, published_by, published_at, accepted, "
        "rejected) VALUES ($1, $2, $3, $4, $5, $6)",
        list_code,
        version,
        by,
        work.now,
        accepted,
        rejected,
    )


async def insert_members(
    work: Transaction, list_code: str, version: int, usccs: Sequence[str]
) -> None:
    """Store who is on a version."""
    await work.execute(
        "INSERT INTO list_member (list_code, list_version, uscc) SELECT $1, $2, unnest($3::text[])",
        list_code,
        version,
        list(usccs),
    )


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
    members = await work.fetch(
        "SELECT uscc FROM list_member WHERE list_code = $1 AND list_version = $2 ORDER BY uscc",
        list_code,
        version,
    )
    return ListVersion(
        list_code=list_code,
        version=version,
        published_by=row["published_by"],
        published_at=row["published_at"],
        accepted=row["accepted"],
        rejected=row["rejected"],
        members=tuple(member["uscc"] for member in members),
    )
