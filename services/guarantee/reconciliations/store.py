"""SQL of the reconciliations: a bank's day out of every case, and what organisations stated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.guarantee.figures.rules import MOST_SOURCES, require_bounded
from services.guarantee.reconciliations.rules import Case, Key, Movement, MovementKind, Stated
from shared.db.database import Row, Transaction

_CASE = "guarantee.id AS guarantee_id, guarantee.bank, guarantee.guarantor"
_FUND = "guarantee.cover ->> 'fund' AS fund"
_GUARANTEED = "coalesce(guarantee.drawn_fen, guarantee.amount_fen)"
_MOVEMENTS = f"""
    SELECT 'effective' AS kind, guarantee.id AS subject_id, '' AS party,
        {_GUARANTEED} AS amount_fen, {_CASE}, {_FUND}
    FROM guarantee WHERE effective_on = $2 AND bank = $1
    UNION ALL
    SELECT 'released', guarantee.id, '', {_GUARANTEED}, {_CASE}, {_FUND}
    FROM guarantee WHERE released_on = $2 AND effective_on IS NOT NULL AND bank = $1
    UNION ALL
    SELECT 'claimed', claim.id, '', claim.principal_outstanding_fen, {_CASE}, {_FUND}
    FROM claim JOIN guarantee ON guarantee.id = claim.guarantee_id
    WHERE claim.filed_on = $2 AND claim.bank = $1
    UNION ALL
    SELECT 'paid', claim.id, loss_leg.party, capped_fen + overflow_fen, {_CASE}, {_FUND}
    FROM loss_leg JOIN claim ON claim.id = loss_leg.claim_id
        JOIN guarantee ON guarantee.id = claim.guarantee_id
    WHERE loss_leg.paid_on = $2 AND claim.bank = $1
    UNION ALL
    SELECT 'recovered', recovery.id, part ->> 0, (part ->> 2)::bigint, {_CASE}, {_FUND}
    FROM recovery JOIN claim ON claim.id = recovery.claim_id
        JOIN guarantee ON guarantee.id = claim.guarantee_id,
        jsonb_array_elements(recovery.allocations) AS part
    WHERE recovery.received_on = $2 AND claim.bank = $1
    LIMIT {MOST_SOURCES + 1}
"""  # noqa: S608 - constant columns and a constant limit
_CASES = f"""
    SELECT subject_id, {_CASE}, {_FUND} FROM (
        SELECT id AS subject_id, id AS of_guarantee FROM guarantee WHERE id = ANY($1)
        UNION ALL
        SELECT id, guarantee_id FROM claim WHERE id = ANY($1)
        UNION ALL
        SELECT recovery.id, guarantee_id FROM recovery JOIN claim ON claim.id = claim_id
        WHERE recovery.id = ANY($1)
    ) AS subject JOIN guarantee ON guarantee.id = of_guarantee
    WHERE guarantee.cover IS NOT NULL
"""  # noqa: S608 - constant columns
_IN_FORCE = f"""
    SELECT count(*) AS count, coalesce(sum({_GUARANTEED}), 0)::bigint AS amount_fen
    FROM guarantee WHERE bank = $1 AND effective_on <= $2
        AND (released_on IS NULL OR released_on > $2) AND (closed_on IS NULL OR closed_on > $2)
        AND ($3::text IS NULL OR $3 IN (bank, guarantor, cover ->> 'fund'))
"""  # noqa: S608 - constant columns


@dataclass(frozen=True, slots=True)
class InForce:
    """What is in force at the end of a day."""

    count: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Statement:
    """An organisation's word on a day; a later number takes the place of the ones before."""

    org: str
    day: date
    number: int
    row_count: int
    sha256: str
    stated_by: str
    stated_at: datetime


async def movements(work: Transaction, bank: str, day: date) -> list[Movement]:
    """Read what moved in a bank's cases on a day; raises ReportTooLarge."""
    rows = await work.fetch(_MOVEMENTS, bank, day)
    require_bounded(rows)
    return [Movement(_key(row), row["amount_fen"], _case(row)) for row in rows]


async def in_force(work: Transaction, bank: str, day: date, *, reader: str | None) -> InForce:
    """Add up what of a bank is in force at the end of a day, of what the reader may see."""
    row = await work.fetchrow(_IN_FORCE, bank, day, reader)
    return InForce(0, 0) if row is None else InForce(*row)


async def is_party(work: Transaction, bank: str, *, reader: str | None) -> bool:
    """Tell whether a bank has a guarantee of which the reader keeps books."""
    found: bool = await work.fetchval(
        "SELECT EXISTS (SELECT FROM guarantee WHERE bank = $1 AND cover IS NOT NULL "
        "AND ($2::text IS NULL OR $2 IN (bank, guarantor, cover ->> 'fund')))",
        bank,
        reader,
    )
    return found


async def cases(work: Transaction, subject_ids: Sequence[UUID]) -> Mapping[UUID, Case]:
    """Find the guarantees that subjects belong to; an unknown subject is left out."""
    rows = await work.fetch(_CASES, list(subject_ids))
    return {row["subject_id"]: _case(row) for row in rows}


async def lock_day(work: Transaction, org: str, day: date) -> int:
    """Keep others from stating an organisation's day; returns the number of its newest word."""
    await work.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"reconciliation/{org}/{day}"
    )
    found: int = await work.fetchval(
        "SELECT coalesce(max(number), 0) FROM reconciliation_statement WHERE org = $1 AND day = $2",
        org,
        day,
    )
    return found


async def insert(work: Transaction, statement: Statement, rows: Sequence[Stated]) -> None:
    """Store a statement with its rows."""
    await work.execute(
        "INSERT INTO reconciliation_statement "
        "(org, day, number, row_count, sha256, stated_by, stated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        statement.org,
        statement.day,
        statement.number,
        statement.row_count,
        statement.sha256,
        statement.stated_by,
        statement.stated_at,
    )
    await work.execute(
        "INSERT INTO reconciliation_row "
        "(org, day, number, kind, subject_id, party, amount_fen, guarantee_id, bank) "
        "SELECT $1, $2, $3, * FROM unnest($4::text[], $5::uuid[], $6::text[], $7::bigint[], "
        "$8::uuid[], $9::text[])",
        statement.org,
        statement.day,
        statement.number,
        [row.key.kind for row in rows],
        [row.key.subject_id for row in rows],
        [row.key.party for row in rows],
        [row.amount_fen for row in rows],
        [row.case.guarantee_id for row in rows],
        [row.case.bank for row in rows],
    )


async def statements(work: Transaction, orgs: Sequence[str], day: date) -> list[Statement]:
    """Read the newest word of each organisation that has stated a day."""
    rows = await work.fetch(
        "SELECT DISTINCT ON (org) org, day, number, row_count, sha256, stated_by, stated_at "
        "FROM reconciliation_statement WHERE day = $2 AND org = ANY($1) ORDER BY org, number DESC",
        list(orgs),
        day,
    )
    return [Statement(**dict(row)) for row in rows]


async def counterparties(work: Transaction, bank: str) -> list[str]:
    """Name everybody who keeps books of a bank's guarantees, the bank among them."""
    rows = await work.fetch(
        "SELECT DISTINCT org FROM guarantee, unnest(ARRAY[bank, guarantor, cover ->> 'fund']) org "
        "WHERE bank = $1 AND cover IS NOT NULL ORDER BY org",
        bank,
    )
    return [row["org"] for row in rows]


async def stated_rows(work: Transaction, bank: str, day: date) -> list[Stated]:
    """Read the rows on a bank's cases out of the newest statements of a day."""
    rows = await work.fetch(
        f"SELECT row.org, row.kind, row.subject_id, row.party, row.amount_fen, {_CASE}, {_FUND} "  # noqa: S608 - constant columns
        "FROM reconciliation_row AS row JOIN guarantee ON guarantee.id = row.guarantee_id "
        "JOIN (SELECT org, max(number) AS number FROM reconciliation_statement WHERE day = $2 "
        "GROUP BY org) AS newest ON newest.org = row.org AND newest.number = row.number "
        f"WHERE row.bank = $1 AND row.day = $2 LIMIT {MOST_SOURCES + 1}",
        bank,
        day,
    )
    require_bounded(rows)
    return [Stated(_key(row), row["amount_fen"], _case(row), row["org"]) for row in rows]


def _key(row: Row) -> Key:
    return Key(MovementKind(row["kind"]), row["subject_id"], row["party"])


def _case(row: Row) -> Case:
    return Case(row["guarantee_id"], row["bank"], row["guarantor"], row["fund"])
