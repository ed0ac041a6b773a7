"""SQL of the programmes and their counters; maps rows to the rules' types."""

from dataclasses import dataclass

from services.guarantee.programmes.rules import (
    WHOLE_PROGRAMME,
    Counters,
    PinnedPack,
    Programme,
    ProgrammeNotFound,
    ProgrammeState,
)
from shared.db.database import Row, Transaction
from shared.errors import StaleVersion, ensure

_COLUMNS = (
    "code, version, title, rule_pack_id, rule_pack_version, rule_pack_digest, fund, parties, "
    "quota_fen, enrolled_fen, period_months, guarantee_type, enrolment_days, due_days, "
    "effective_from, approval_limit_fen, state, created_by, activated_by"
)
_COUNTERS = (
    "programme, bank, year, prior_year_end_balance_fen, pool_paid_fen, claims_paid_fen, "
    "npl_principal_loss_fen"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A programme with the version that its row has."""

    programme: Programme
    version: int


async def first_fund_on(work: Transaction, pack_id: str) -> str | None:
    """Read whose programme was the first to be activated on any version of a pack."""
    found: str | None = await work.fetchval(
        "SELECT fund FROM programme WHERE rule_pack_id = $1 AND activated_at IS NOT NULL "
        "ORDER BY activated_at, code LIMIT 1",
        pack_id,
    )
    return found


async def insert(work: Transaction, programme: Programme) -> Stored | None:
    """Store a draft; None if its code is taken. A draft has published nothing: version 0."""
    tag = await work.execute(
        "INSERT INTO programme (code, version, title, rule_pack_id, rule_pack_version, "
        "rule_pack_digest, fund, parties, quota_fen, period_months, guarantee_type, "
        "enrolment_days, due_days, effective_from, approval_limit_fen, state, created_by, "
        "created_at) VALUES "
        "($1, 0, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) "
        "ON CONFLICT DO NOTHING",
        programme.code,
        programme.title,
        programme.pack.id,
        programme.pack.version,
        programme.pack.digest,
        programme.fund,
        dict(programme.parties),
        programme.quota_fen,
        programme.period_months,
        programme.guarantee_type,
        programme.enrolment_days,
        programme.due_days,
        programme.effective_from,
        programme.approval_limit_fen,
        programme.state,
        programme.created_by,
        work.now,
    )
    return Stored(programme, 0) if tag == "INSERT 0 1" else None


async def lock(work: Transaction, code: str, *, expected_version: int | None = None) -> Stored:
    """Lock a programme; raises ProgrammeNotFound, or StaleVersion if it moved on."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM programme WHERE code = $1 FOR UPDATE",  # noqa: S608 - constant columns
        code,
    )
    stored = _found(row, code)
    if expected_version not in {None, stored.version}:
        raise StaleVersion(f"programme {code} is at version {stored.version}")
    return stored


async def get(work: Transaction, code: str) -> Stored:
    """Read a programme; raises ProgrammeNotFound."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM programme WHERE code = $1",  # noqa: S608 - constant columns
        code,
    )
    return _found(row, code)


async def page(work: Transaction, *, after: str | None, limit: int) -> list[Stored]:
    """Read up to ``limit`` + 1 programmes in order of their codes."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM programme "  # noqa: S608 - constant columns
        "WHERE ($1::text IS NULL OR code > $1) ORDER BY code LIMIT $2",
        after,
        limit + 1,
    )
    return [_stored(row) for row in rows]


async def save_pin(work: Transaction, programme: Programme) -> None:
    """Store which version of its pack a locked programme pins."""
    tag = await work.execute(
        "UPDATE programme SET rule_pack_id = $2, rule_pack_version = $3, rule_pack_digest = $4 "
        "WHERE code = $1",
        programme.code,
        programme.pack.id,
        programme.pack.version,
        programme.pack.digest,
    )
    ensure(tag == "UPDATE 1", "a locked programme exists")


async def save_activation(work: Transaction, programme: Programme, *, version: int) -> Stored:
    """Store that a locked draft was activated."""
    tag = await work.execute(
        "UPDATE programme SET state = $2, activated_by = $3, activated_at = $4, version = $5 "
        "WHERE code = $1",
        programme.code,
        programme.state,
        programme.activated_by,
        work.now,
        version,
    )
    ensure(tag == "UPDATE 1", "a locked programme exists")
    return Stored(programme, version)


async def save_version(work: Transaction, code: str, *, version: int) -> None:
    """Store that a locked programme published events that change no column of its own."""
    tag = await work.execute("UPDATE programme SET version = $2 WHERE code = $1", code, version)
    ensure(tag == "UPDATE 1", "a locked programme exists")


async def move_enrolled(work: Transaction, code: str, *, by_fen: int) -> None:
    """Move what is enrolled; the row's CHECK refuses what the quota does not hold."""
    tag = await work.execute(
        "UPDATE programme SET enrolled_fen = enrolled_fen + $2 WHERE code = $1", code, by_fen
    )
    ensure(tag == "UPDATE 1", "a locked programme exists")


async def lock_counters(work: Transaction, *, programme: str, bank: str, year: int) -> Counters:
    """Lock one row of counters under its programme's lock; an absent one begins at nothing."""
    await lock(work, programme)
    await work.execute(
        "INSERT INTO programme_counter (programme, bank, year) VALUES ($1, $2, $3) "
        "ON CONFLICT DO NOTHING",
        programme,
        bank,
        year,
    )
    row = await work.fetchrow(
        f"SELECT {_COUNTERS} FROM programme_counter "  # noqa: S608 - constant columns
        "WHERE programme = $1 AND bank = $2 AND year = $3 FOR UPDATE",
        programme,
        bank,
        year,
    )
    if row is None:
        raise ProgrammeNotFound(f"no counters of programme {programme}")
    return _counters(row)


async def save_counters(work: Transaction, counters: Counters) -> None:
    """Store locked counters."""
    tag = await work.execute(
        "UPDATE programme_counter SET prior_year_end_balance_fen = $4, pool_paid_fen = $5, "
        "claims_paid_fen = $6, npl_principal_loss_fen = $7 "
        "WHERE programme = $1 AND bank = $2 AND year = $3",
        counters.programme,
        counters.bank,
        counters.year,
        counters.prior_year_end_balance_fen,
        counters.pool_paid_fen,
        counters.claims_paid_fen,
        counters.npl_principal_loss_fen,
    )
    ensure(tag == "UPDATE 1", "locked counters exist")


async def get_counters(
    work: Transaction, *, programme: str, bank: str, year: int
) -> Counters | None:
    """Read one row of counters without a lock, or None."""
    row = await work.fetchrow(
        f"SELECT {_COUNTERS} FROM programme_counter "  # noqa: S608 - constant columns
        "WHERE programme = $1 AND bank = $2 AND year = $3",
        programme,
        bank,
        year,
    )
    return None if row is None else _counters(row)


async def counters_of(
    work: Transaction, programme: str, *, only_bank: str | None
) -> list[Counters]:
    """Read a programme's counters, newest year first; ``only_bank`` hides the other banks'."""
    rows = await work.fetch(
        f"SELECT {_COUNTERS} FROM programme_counter WHERE programme = $1 "  # noqa: S608 - constant
        "AND ($2::text IS NULL OR bank IN ($2, $3)) ORDER BY year DESC, bank LIMIT 500",
        programme,
        only_bank,
        WHOLE_PROGRAMME,
    )
    return [_counters(row) for row in rows]


def _found(row: Row | None, code: str) -> Stored:
    if row is None:
        raise ProgrammeNotFound(f"no programme {code}")
    return _stored(row)


def _stored(row: Row) -> Stored:
    programme = Programme(
        code=row["code"],
        title=row["title"],
        pack=PinnedPack(row["rule_pack_id"], row["rule_pack_version"], row["rule_pack_digest"]),
        fund=row["fund"],
        parties=row["parties"],
        quota_fen=row["quota_fen"],
        enrolled_fen=row["enrolled_fen"],
        period_months=row["period_months"],
        guarantee_type=row["guarantee_type"],
        enrolment_days=row["enrolment_days"],
        due_days=row["due_days"],
        effective_from=row["effective_from"],
        approval_limit_fen=row["approval_limit_fen"],
        state=ProgrammeState(row["state"]),
        created_by=row["created_by"],
        activated_by=row["activated_by"],
    )
    return Stored(programme, row["version"])


def _counters(row: Row) -> Counters:
    return Counters(**dict(row))
