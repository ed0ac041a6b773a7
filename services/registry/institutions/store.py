"""SQL of the directory."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.registry.institutions.rules import Institution
from shared.db.database import Row, Transaction
from shared.errors import NotFound, Transient

_COLUMNS = "code, version, kind, name_zh, name_en, uscc, region, valid_from, valid_to"
_SELECT_ONE = f"SELECT {_COLUMNS} FROM institution WHERE code = $1"  # noqa: S608 - constant columns
_GIVEN = (
    "unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], "
    "$8::date[], $9::date[], $10::bigint[]) AS given "
    f"({_COLUMNS}, expected)"
)
"""Changes as rows: the columns of what an entry became, and the version that it was locked at."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry with its version."""

    institution: Institution
    version: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a locked entry became, and the version that it was locked at."""

    stored: Stored
    expected_version: int


async def lock_or_enter(work: Transaction, entries: Sequence[Institution]) -> dict[str, Stored]:
    """Lock entries whether they exist or not; return those that existed, by code.

    A row that does not exist cannot be locked, so a new one is first entered at version 0: who else
    enters it waits for this transaction. New codes are taken before known ones, both in code order,
    so that two imports cannot deadlock.
    """
    await work.execute(
        f"INSERT INTO institution ({_COLUMNS}) "  # noqa: S608 - constant columns
        f"SELECT {_COLUMNS} FROM {_GIVEN} ORDER BY code ON CONFLICT (code) DO NOTHING",
        *_arrays([Change(Stored(entry, 0), 0) for entry in entries]),
    )
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM institution "  # noqa: S608 - constant columns
        "WHERE code = ANY($1::text[]) ORDER BY code FOR UPDATE",
        [entry.code for entry in entries],
    )
    return {row["code"]: _stored(row) for row in rows if row["version"] > 0}


async def save_many(work: Transaction, changes: Sequence[Change]) -> None:
    """Replace locked entries; raises Transient if one is not at its version."""
    tag = await work.execute(
        "UPDATE institution SET version = given.version, kind = given.kind, "  # noqa: S608 - constant
        "name_zh = given.name_zh, name_en = given.name_en, uscc = given.uscc, "
        "region = given.region, valid_from = given.valid_from, valid_to = given.valid_to "
        f"FROM {_GIVEN} "
        "WHERE institution.code = given.code AND institution.version = given.expected",
        *_arrays(changes),
    )
    if tag != f"UPDATE {len(changes)}":
        raise Transient("an entry of the directory changed while it was being saved")


def _arrays(changes: Sequence[Change]) -> list[list[object]]:
    entries = [change.stored.institution for change in changes]
    return [
        [entry.code for entry in entries],
        [change.stored.version for change in changes],
        [entry.kind for entry in entries],
        [entry.name_zh for entry in entries],
        [entry.name_en for entry in entries],
        [entry.uscc for entry in entries],
        [entry.region for entry in entries],
        [entry.valid_from for entry in entries],
        [entry.valid_to for entry in entries],
        [change.expected_version for change in changes],
    ]


async def get(work: Transaction, code: str) -> Stored:
    """Read one entry; raises NotFound."""
    row = await work.fetchrow(_SELECT_ONE, code)
    if row is None:
        raise NotFound(f"no institution {code}")
    return _stored(row)


async def find(work: Transaction, code: str) -> Institution | None:
    """Return an entry, or None if there is none."""
    row = await work.fetchrow(_SELECT_ONE, code)
    return None if row is None else _stored(row).institution


async def page(work: Transaction, *, after: str | None, limit: int) -> list[Stored]:
    """Read up to ``limit`` + 1 entries in code order."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM institution "  # noqa: S608 - constant columns
        "WHERE $1::text IS NULL OR code > $1 ORDER BY code LIMIT $2",
        after,
        limit + 1,
    )
    return [_stored(row) for row in rows]


def _stored(row: Row) -> Stored:
    institution = Institution(
        code=row["code"],
        kind=row["kind"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        uscc=row["uscc"],
        region=row["region"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )
    return Stored(institution, row["version"])
