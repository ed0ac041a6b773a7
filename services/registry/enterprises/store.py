"""SQL of the enterprises."""

from collections.abc import Sequence
from datetime import date

from services.registry.enterprises.rules import Enterprise, Profile, Stored
from shared.db.database import Row, Transaction
from shared.errors import NotFound, StaleVersion
from shared.uscc import Uscc

_COLUMNS = "uscc, version, name, region, chain, staff, sales_fen, tax_grade"


async def lock_many(work: Transaction, usccs: Sequence[str]) -> dict[str, Stored]:
    """Lock and return those that exist, in code order so that two imports cannot deadlock."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM enterprise "  # noqa: S608 - constant columns
        "WHERE uscc = ANY($1::text[]) ORDER BY uscc FOR UPDATE",
        sorted(set(usccs)),
    )
    return {row["uscc"]: _stored(row) for row in rows}


async def lock(work: Transaction, uscc: str, *, expected_version: int | None = None) -> Stored:
    """Lock one enterprise; raises NotFound, or StaleVersion if it moved on."""
    stored = (await lock_many(work, [uscc])).get(uscc)
    if stored is None:
        raise NotFound(f"no enterprise {uscc}")
    if expected_version is not None and stored.version != expected_version:
        raise StaleVersion(f"enterprise {uscc} is at version {stored.version}")
    return stored


async def save_many(work: Transaction, entries: Sequence[Stored]) -> None:
    """Insert or update enterprises."""
    await work.executemany(
        "INSERT INTO enterprise (uscc, version, name, region, chain, staff, sales_fen, tax_grade, "
        "registered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
        "ON CONFLICT (uscc) DO UPDATE SET version = excluded.version, name = excluded.name, "
        "region = excluded.region, chain = excluded.chain, staff = excluded.staff, "
        "sales_fen = excluded.sales_fen, tax_grade = excluded.tax_grade",
        [_values(work, entry) for entry in entries],
    )


def _values(work: Transaction, entry: Stored) -> tuple[object, ...]:
    enterprise, profile = entry.enterprise, entry.enterprise.profile
    return (
        enterprise.uscc.code,
        entry.version,
        enterprise.name,
        enterprise.region,
        enterprise.chain,
        profile.staff if profile else None,
        profile.sales_fen if profile else None,
        profile.tax_grade if profile else None,
        work.now,
    )


async def get(work: Transaction, uscc: str, *, reader: str, on: date) -> Stored:
    """Read an enterprise: departments and the platform any, others under a consent in force.

    Raises NotFound for the rest, as if the enterprise did not exist.
    """
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM enterprise WHERE uscc = $1 AND ("  # noqa: S608 - constant columns
        "EXISTS (SELECT 1 FROM institution WHERE code = $2 AND kind IN ('department', 'platform')) "
        "OR EXISTS (SELECT 1 FROM consent WHERE consent.uscc = $1 AND grantee = $2 "
        "AND valid_from <= $3 AND $3 < valid_to AND (revoked_on IS NULL OR $3 < revoked_on)))",
        uscc,
        reader,
        on,
    )
    if row is None:
        raise NotFound(f"no enterprise {uscc}")
    return _stored(row)


def _stored(row: Row) -> Stored:
    profile = None
    if row["tax_grade"] is not None:
        profile = Profile(
            staff=row["staff"], sales_fen=row["sales_fen"], tax_grade=row["tax_grade"]
        )
    enterprise = Enterprise(
        uscc=Uscc(row["uscc"]),
        name=row["name"],
        region=row["region"],
        chain=row["chain"],
        profile=profile,
    )
    return Stored(enterprise, row["version"])
