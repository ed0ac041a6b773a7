"""SQL of the enterprises."""

from collections.abc import Sequence

from services.registry.enterprises.rules import Change, Enterprise, Profile, Stored
from shared.db.database import Row, Transaction
from shared.errors import NotFound, StaleVersion, Transient
from shared.uscc import Uscc

_COLUMNS = (
    "uscc, version, name, region, chain, registered_by, staff, sales_fen, tax_grade, recorded_by"
)


async def lock_or_enter(
    work: Transaction, entries: Sequence[Enterprise], *, also: Sequence[str] = ()
) -> dict[str, Stored]:
    """Lock enterprises whether they exist or not, and others that do; return by code who existed.

    A row that does not exist cannot be locked, so a new one is first entered at version 0: who else
    enters it waits for this transaction. Advisory locks, one per code, would do the same but share
    one small table with all locks of the server, and an import names thousands of firms. New codes
    are taken before known ones, both in code order, so that two imports cannot deadlock.
    """
    ordered = {entry.uscc.code: entry for entry in entries}
    await work.execute(
        "INSERT INTO enterprise (uscc, version, name, region, chain, registered_by, registered_at) "
        "SELECT uscc, 0, name, region, chain, registered_by, $6 "
        "FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) "
        "AS given (uscc, name, region, chain, registered_by) "
        "ORDER BY uscc ON CONFLICT (uscc) DO NOTHING",
        list(ordered),
        [entry.name for entry in ordered.values()],
        [entry.region for entry in ordered.values()],
        [entry.chain for entry in ordered.values()],
        [entry.registered_by for entry in ordered.values()],
        work.now,
    )
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM enterprise "  # noqa: S608 - constant columns
        "WHERE uscc = ANY($1::text[]) ORDER BY uscc FOR UPDATE",
        [*ordered, *also],
    )
    return {row["uscc"]: _stored(row) for row in rows if row["version"] > 0}


async def lock(work: Transaction, uscc: str, *, expected_version: int | None = None) -> Stored:
    """Lock one enterprise; raises NotFound, or StaleVersion if it moved on."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM enterprise WHERE uscc = $1 FOR UPDATE",  # noqa: S608 - constant columns
        uscc,
    )
    if row is None:
        raise NotFound(f"no enterprise {uscc}")
    stored = _stored(row)
    if expected_version is not None and stored.version != expected_version:
        raise StaleVersion(f"enterprise {uscc} is at version {stored.version}")
    return stored


async def save_many(work: Transaction, changes: Sequence[Change]) -> None:
    """Save what locked enterprises became; raises Transient if one is not at its version."""
    entries = [change.stored.enterprise for change in changes]
    profiles = [entry.profile for entry in entries]
    tag = await work.execute(
        "UPDATE enterprise SET version = new.version, name = new.name, region = new.region, "
        "chain = new.chain, staff = new.staff, sales_fen = new.sales_fen, "
        "tax_grade = new.tax_grade, recorded_by = new.recorded_by "
        "FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], "
        "$7::integer[], $8::bigint[], $9::text[], $10::text[]) AS new (uscc, expected, version, "
        "name, region, chain, staff, sales_fen, tax_grade, recorded_by) "
        "WHERE enterprise.uscc = new.uscc AND enterprise.version = new.expected",
        [entry.uscc.code for entry in entries],
        [change.expected_version for change in changes],
        [change.stored.version for change in changes],
        [entry.name for entry in entries],
        [entry.region for entry in entries],
        [entry.chain for entry in entries],
        [profile and profile.staff for profile in profiles],
        [profile and profile.sales_fen for profile in profiles],
        [profile and profile.tax_grade for profile in profiles],
        [profile and profile.recorded_by for profile in profiles],
    )
    if tag != f"UPDATE {len(changes)}":
        raise Transient("an enterprise changed while it was being saved")


async def get(work: Transaction, uscc: str) -> Stored:
    """Read an enterprise; raises NotFound."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM enterprise WHERE uscc = $1",  # noqa: S608 - constant columns
        uscc,
    )
    if row is None:
        raise NotFound(f"no enterprise {uscc}")
    return _stored(row)


def _stored(row: Row) -> Stored:
    profile = None
    if row["recorded_by"] is not None:
        profile = Profile(
            staff=row["staff"],
            sales_fen=row["sales_fen"],
            tax_grade=row["tax_grade"],
            recorded_by=row["recorded_by"],
        )
    enterprise = Enterprise(
        uscc=Uscc(row["uscc"]),
        name=row["name"],
        region=row["region"],
        chain=row["chain"],
        registered_by=row["registered_by"],
        profile=profile,
    )
    return Stored(enterprise, row["version"])
