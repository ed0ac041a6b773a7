"""SQL of the directory."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.registry.institutions.rules import Institution
from shared.db.database import Row, Transaction
from shared.errors import NotFound

_COLUMNS = "code, version, kind, name_zh, name_en, uscc, region, valid_from, valid_to"


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry with its version."""

    institution: Institution
    version: int


async def lock_many(work: Transaction, codes: Sequence[str]) -> dict[str, Stored]:
    """Lock and return the entries that exist, in code order so that two imports cannot deadlock."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM institution "  # noqa: S608 - constant columns
        "WHERE code = ANY($1::text[]) ORDER BY code FOR UPDATE",
        sorted(set(codes)),
    )
    return {row["code"]: _stored(row) for row in rows}


async def save_many(work: Transaction, entries: Sequence[Stored]) -> None:
    """Insert or replace entries."""
    await work.executemany(
        "INSERT INTO institution (code, version, kind, name_zh, name_en, uscc, region, "
        "valid_from, valid_to) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
        "ON CONFLICT (code) DO UPDATE SET version = excluded.version, kind = excluded.kind, "
        "name_zh = excluded.name_zh, name_en = excluded.name_en, uscc = excluded.uscc, "
        "region = excluded.region, valid_from = excluded.valid_from, valid_to = excluded.valid_to",
        [
            (
                entry.institution.code,
                entry.version,
                entry.institution.kind,
                entry.institution.name_zh,
                entry.institution.name_en,
                entry.institution.uscc,
                entry.institution.region,
                entry.institution.valid_from,
                entry.institution.valid_to,
            )
            for entry in entries
        ],
    )


async def get(work: Transaction, code: str) -> Stored:
    """Read one entry; raises NotFound."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM institution WHERE code = $1",  # noqa: S608 - constant columns
        code,
    )
    if row is None:
        raise NotFound(f"no institution {code}")
    return _stored(row)


async def kind_of(work: Transaction, code: str) -> str | None:
    """Return an entry's kind, or None if there is none."""
    kind: str | None = await work.fetchval("SELECT kind FROM institution WHERE code = $1", code)
    return kind


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
