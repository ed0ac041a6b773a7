"""SQL of the rulebook; maps rows to the rules' types."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.guarantee.rulebook.rules import End, Version, VersionNotFound, VersionState
from shared.db.database import Row, Transaction
from shared.errors import StaleVersion, ensure
from shared.signing import Signature

_COLUMNS = (
    "pack_id, number, state, content, digest, valid_from, valid_to, org, drafted_by, drafted_at, "
    "activated_by, activated_at, signature, public_key"
)
_SELECT = f"SELECT version, {_COLUMNS} FROM rule_pack_version"  # noqa: S608 - constant columns


@dataclass(frozen=True, slots=True)
class Stored:
    """A version with its row's version."""

    drafted: Version
    version: int


async def lock(work: Transaction) -> None:
    """Let one change of the rulebook happen at a time."""
    await work.execute(
        "INSERT INTO rulebook (one, revision) VALUES (true, $1) "
        "ON CONFLICT (one) DO UPDATE SET revision = rulebook.revision",
        work.new_id(),
    )


async def renew(work: Transaction) -> None:
    """Name what the rulebook holds anew, as the last step of a change under its lock."""
    tag = await work.execute("UPDATE rulebook SET revision = $1", work.new_id())
    ensure(tag == "UPDATE 1", "a locked rulebook exists")


async def revision(work: Transaction) -> UUID | None:
    """Read the name of what the rulebook holds; None before its first change."""
    found: UUID | None = await work.fetchval("SELECT revision FROM rulebook")
    return found


async def newest_number(work: Transaction, pack_id: str) -> int:
    """Read the highest number that was ever drafted for a pack; 0 for none."""
    found: int = await work.fetchval(
        "SELECT coalesce(max(number), 0) FROM rule_pack_version WHERE pack_id = $1", pack_id
    )
    return found


async def first_org_of(work: Transaction, pack_id: str) -> str | None:
    """Read whose version of a pack was the first to be activated here."""
    found: str | None = await work.fetchval(
        "SELECT org FROM rule_pack_version WHERE pack_id = $1 AND state = 'active' "
        "ORDER BY number LIMIT 1",
        pack_id,
    )
    return found


async def insert(work: Transaction, drafted: Version) -> Stored:
    """Store a draft."""
    await work.execute(
        f"INSERT INTO rule_pack_version (version, {_COLUMNS}) VALUES "  # noqa: S608 - constant columns
        "(0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        *_values(drafted),
    )
    return Stored(drafted, 0)


async def get(work: Transaction, pack_id: str, number: int) -> Stored:
    """Read a version that was drafted here; raises VersionNotFound."""
    row = await work.fetchrow(f"{_SELECT} WHERE pack_id = $1 AND number = $2", pack_id, number)
    if row is None:
        raise VersionNotFound(f"no version {number} of {pack_id} was drafted here")
    return _stored(row)


async def get_current(
    work: Transaction, pack_id: str, number: int, *, expected_version: int
) -> Stored:
    """Read a version under the rulebook's lock; raises StaleVersion if it moved."""
    stored = await get(work, pack_id, number)
    if stored.version != expected_version:
        raise StaleVersion(f"version {number} of {pack_id} is at {stored.version}")
    return stored


async def save(work: Transaction, before: Stored, after: Version) -> Stored:
    """Store a changed draft under the rulebook's lock."""
    tag = await work.execute(
        f"UPDATE rule_pack_version SET (version, {_COLUMNS}) = "  # noqa: S608 - constant columns
        "(version + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
        "WHERE pack_id = $1 AND number = $2",
        *_values(after),
    )
    ensure(tag == "UPDATE 1", "a version that was read under the lock exists")
    return Stored(after, before.version + 1)


async def page(
    work: Transaction,
    *,
    reader: str | None,
    state: VersionState | None,
    after: tuple[str, int],
    limit: int,
) -> Sequence[Stored]:
    """Read up to ``limit`` + 1 versions by pack and number; drafts of the reader's alone."""
    rows = await work.fetch(
        f"{_SELECT} WHERE ($1::text IS NULL OR org = $1 OR state = 'active') "
        "AND ($2::text IS NULL OR state = $2) AND (pack_id, number) > ($3, $4) "
        "ORDER BY pack_id, number LIMIT $5",
        reader,
        state,
        *after,
        limit + 1,
    )
    return [_stored(row) for row in rows]


async def active(work: Transaction) -> Sequence[Version]:
    """Read every active version."""
    rows = await work.fetch(f"{_SELECT} WHERE state = 'active' ORDER BY pack_id, number")
    return [_stored(row).drafted for row in rows]


async def ends(work: Transaction) -> Sequence[End]:
    """Read which versions were superseded or retired."""
    rows = await work.fetch(
        "SELECT pack_id, number, ends_on, ending, reason, ended_by FROM rule_pack_end"
    )
    return [End(*row.values()) for row in rows]


async def insert_end(work: Transaction, end: End) -> None:
    """Store from when a version no longer decides."""
    await work.execute(
        "INSERT INTO rule_pack_end (pack_id, number, ends_on, ending, reason, ended_by, ended_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        end.pack_id,
        end.number,
        end.ends_on,
        end.ending,
        end.reason,
        end.by,
        work.now,
    )


def _values(drafted: Version) -> tuple[object, ...]:
    signed = drafted.signature
    return (
        *(getattr(drafted, name) for name in _COLUMNS.split(", ")[:-2]),
        None if signed is None else signed.signature,
        None if signed is None else signed.public_key,
    )


def _stored(row: Row) -> Stored:
    columns = dict(row)
    version: int = columns.pop("version")
    signature, public_key = columns.pop("signature"), columns.pop("public_key")
    columns["state"] = VersionState(columns["state"])
    columns["signature"] = None if signature is None else Signature(signature, public_key)
    return Stored(Version(**columns), version)
