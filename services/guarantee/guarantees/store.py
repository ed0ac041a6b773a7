"""SQL of the guarantees; maps rows to the rules' types."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.guarantee.guarantees.rules import (
    Application,
    Cover,
    Guarantee,
    GuaranteeId,
    GuaranteeNotFound,
    GuaranteeState,
    PartyShare,
)
from services.guarantee.programmes.rules import PinnedPack
from shared.db.database import Row, Transaction
from shared.errors import Violation, ensure
from shared.rulepack.trace import Trace

_APPLICATION = (
    "loan_id, uscc, bank, guarantor, programme, amount_fen, rate_ppm, tenor_months, signed_on, "
    "requested_on"
)
_COLUMNS = (
    f"id, version, state, {_APPLICATION}, decided_on, refusals, cover, trace, drawn_fen, "
    "effective_on, matures_on, closed_on, released_on, release_reason"
)
_SELECT = f"SELECT {_COLUMNS} FROM guarantee"  # noqa: S608 - constant columns
_SEEN = "($2::text IS NULL OR viewers @> ARRAY[$2])"


@dataclass(frozen=True, slots=True)
class Stored:
    """A guarantee with its row's version and the explanation of its decision."""

    guarantee: Guarantee
    version: int
    trace: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Exposure:
    """What stands against an application: is the loan covered, what does the firm have in force."""

    loan_is_covered: bool
    firm_balance_fen: int


async def insert(work: Transaction, guarantee: Guarantee, *, trace: Trace, version: int) -> Stored:
    """Store a decided application."""
    rows = tuple(step.as_json() for step in trace)
    application = guarantee.application
    await work.execute(
        f"INSERT INTO guarantee (id, version, state, {_APPLICATION}, decided_on, refusals, cover, "  # noqa: S608 - constant columns
        "trace, viewers) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
        "$15, $16, $17, $18)",
        guarantee.id,
        version,
        guarantee.state,
        application.loan_id,
        application.uscc,
        application.bank,
        application.guarantor,
        application.programme,
        application.amount_fen,
        application.rate_ppm,
        application.tenor_months,
        application.signed_on,
        application.requested_on,
        guarantee.decided_on,
        [asdict(refusal) for refusal in guarantee.refusals],
        None if guarantee.cover is None else _cover_row(guarantee.cover),
        list(rows),
        list(guarantee.viewers),
    )
    return Stored(guarantee, version, rows)


async def lock(work: Transaction, guarantee_id: UUID, *, reader: str | None) -> Stored:
    """Lock a guarantee that the reader may see; raises GuaranteeNotFound."""
    row = await work.fetchrow(
        f"{_SELECT} WHERE id = $1 AND {_SEEN} FOR UPDATE", guarantee_id, reader
    )
    return _found(row, f"no guarantee {guarantee_id}")


async def lock_of_loan(work: Transaction, loan_id: UUID) -> Stored | None:
    """Lock the guarantee that covers a loan, or None if no letter was issued for it."""
    row = await work.fetchrow(
        f"{_SELECT} WHERE loan_id = $1 AND state <> 'declined' FOR UPDATE", loan_id
    )
    return None if row is None else _stored(row)


async def get(work: Transaction, guarantee_id: UUID, *, reader: str | None) -> Stored:
    """Read a guarantee; ``reader`` limits it to its viewers, None reads any."""
    row = await work.fetchrow(f"{_SELECT} WHERE id = $1 AND {_SEEN}", guarantee_id, reader)
    return _found(row, f"no guarantee {guarantee_id}")


async def get_of_loan(work: Transaction, loan_id: UUID) -> Stored | None:
    """Read the guarantee that covers a loan, or None if no letter was issued for it."""
    row = await work.fetchrow(f"{_SELECT} WHERE loan_id = $1 AND state <> 'declined'", loan_id)
    return None if row is None else _stored(row)


async def page(
    work: Transaction, *, reader: str | None, loan_id: UUID | None, after: UUID | None, limit: int
) -> list[Stored]:
    """Read up to ``limit`` + 1 guarantees in id order, after one id."""
    rows = await work.fetch(
        f"{_SELECT} WHERE ($1::uuid IS NULL OR loan_id = $1) AND {_SEEN} "
        "AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4",
        loan_id,
        reader,
        after,
        limit + 1,
    )
    return [_stored(row) for row in rows]


async def save(work: Transaction, stored: Stored, guarantee: Guarantee, *, version: int) -> Stored:
    """Store a changed guarantee, whose row is locked."""
    tag = await work.execute(
        "UPDATE guarantee SET version = $2, state = $3, drawn_fen = $4, effective_on = $5, "
        "matures_on = $6, closed_on = $7, released_on = $8, release_reason = $9 WHERE id = $1",
        guarantee.id,
        version,
        guarantee.state,
        guarantee.drawn_fen,
        guarantee.effective_on,
        guarantee.matures_on,
        guarantee.closed_on,
        guarantee.released_on,
        guarantee.release_reason,
    )
    ensure(tag == "UPDATE 1", "a locked guarantee exists")
    return Stored(guarantee, version, stored.trace)


async def lock_ending(
    work: Transaction, day: date, *, after: UUID | None, limit: int
) -> list[Stored]:
    """Lock the next guarantees in force whose period, or whose loan, is over by a day's end."""
    rows = await work.fetch(
        f"{_SELECT} WHERE state = 'effective' AND ($2::uuid IS NULL OR id > $2) "
        "AND (matures_on + make_interval(months => (cover ->> 'period_months')::integer) <= $1 "
        "OR EXISTS (SELECT FROM known_loan AS loan WHERE loan.loan_id = guarantee.loan_id "
        "AND loan.closed_on <= $1)) ORDER BY id LIMIT $3 FOR UPDATE",
        day,
        after,
        limit,
    )
    return [_stored(row) for row in rows]


async def in_force(work: Transaction, day: date, *, after: UUID | None, limit: int) -> list[Stored]:
    """Read the next guarantees that had taken effect by a day's end and have not ended."""
    rows = await work.fetch(
        f"{_SELECT} WHERE state = 'effective' AND ($2::uuid IS NULL OR id > $2) "
        "AND effective_on <= $1 ORDER BY id LIMIT $3",
        day,
        after,
        limit,
    )
    return [_stored(row) for row in rows]


async def save_released(work: Transaction, released: Sequence[Stored]) -> None:
    """Store guarantees that end together, whose rows are locked."""
    tag = await work.execute(
        "UPDATE guarantee SET version = given.version, state = 'released', "
        "released_on = given.released_on, release_reason = given.reason "
        "FROM unnest($1::uuid[], $2::bigint[], $3::date[], $4::text[]) "
        "AS given (id, version, released_on, reason) WHERE guarantee.id = given.id",
        [stored.guarantee.id for stored in released],
        [stored.version for stored in released],
        [stored.guarantee.released_on for stored in released],
        [stored.guarantee.release_reason for stored in released],
    )
    ensure(tag == f"UPDATE {len(released)}", "locked guarantees exist")


async def exposure(work: Transaction, *, loan_id: UUID | None, uscc: str) -> Exposure:
    """Read whether a loan is covered already and what the firm has in force, in one statement."""
    row = await work.fetchrow(
        "SELECT EXISTS (SELECT FROM guarantee WHERE loan_id = $1 AND state <> 'declined') "
        "AS covered, (SELECT coalesce(sum(amount_fen), 0)::bigint FROM guarantee "
        "WHERE uscc = $2 AND state IN ('issued', 'effective')) AS balance",
        loan_id,
        uscc,
    )
    return Exposure(*row) if row is not None else Exposure(False, 0)


def _cover_row(cover: Cover) -> dict[str, object]:
    return {
        "pack": [cover.pack.id, cover.pack.version, cover.pack.digest],
        "tier": cover.tier,
        "shares": [[share.party, share.org, share.share_ppm] for share in cover.shares],
        "facts": dict(cover.facts),
        "fund": cover.fund,
        "ledger_party": cover.ledger_party,
        "commitment_fen": cover.commitment_fen,
        "guarantee_type": cover.guarantee_type,
        "period_months": cover.period_months,
        "due_days": cover.due_days,
        "issued_on": cover.issued_on.isoformat(),
    }


def _cover(row: Mapping[str, Any]) -> Cover:
    return Cover(
        pack=PinnedPack(*row["pack"]),
        tier=row["tier"],
        shares=tuple(PartyShare(*share) for share in row["shares"]),
        facts=row["facts"],
        fund=row["fund"],
        ledger_party=row["ledger_party"],
        commitment_fen=row["commitment_fen"],
        guarantee_type=row["guarantee_type"],
        period_months=row["period_months"],
        due_days=row["due_days"],
        issued_on=date.fromisoformat(row["issued_on"]),
    )


def _found(row: Row | None, missing: str) -> Stored:
    if row is None:
        raise GuaranteeNotFound(missing)
    return _stored(row)


def _stored(row: Row) -> Stored:
    application = Application(**{name: row[name] for name in _APPLICATION.split(", ")})
    guarantee = Guarantee(
        id=GuaranteeId(row["id"]),
        application=application,
        state=GuaranteeState(row["state"]),
        decided_on=row["decided_on"],
        cover=None if row["cover"] is None else _cover(row["cover"]),
        refusals=tuple(Violation(**refusal) for refusal in row["refusals"]),
        drawn_fen=row["drawn_fen"],
        effective_on=row["effective_on"],
        matures_on=row["matures_on"],
        closed_on=row["closed_on"],
        released_on=row["released_on"],
        release_reason=row["release_reason"],
    )
    return Stored(guarantee, row["version"], tuple(row["trace"]))
