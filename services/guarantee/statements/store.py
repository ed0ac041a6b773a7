"""SQL of the statements: reads over all slices, in one snapshot, and writes nothing.

A loan's balance is read from the facts that were told up to a day, so that a past day reads as it
was although the loan was reported on since.
"""

from dataclasses import dataclass
from datetime import date

from services.guarantee.figures.rules import MOST_SOURCES, require_bounded
from services.guarantee.statements.rules import Claimed, Covered, Facts, Moved, Paid, Recovered
from shared.db.database import Row, Transaction

_CHOSEN = (
    "($1::text IS NULL OR {0}.programme = $1) AND ($2::text IS NULL OR guarantee.uscc = $2) "
    "AND ($3::text IS NULL OR guarantee.cover ->> 'fund' = $3) "
    "AND ($4::text IS NULL OR {0}.viewers @> ARRAY[$4])"
)
_GUARANTEES = f"""
    SELECT id, programme, uscc, bank, amount_fen, decided_on AS issued_on,
        least(coalesce(drawn_fen, 0), amount_fen) AS covered_fen, effective_on,
        coalesce(closed_on, released_on) AS ended_on,
        least(coalesce((
            SELECT principal_outstanding_fen FROM known_loan_fact AS fact
            WHERE fact.loan_id = guarantee.loan_id AND fact_on <= $5
            ORDER BY fact_on DESC, recorded_at DESC, position DESC LIMIT 1
        ), 0), amount_fen) AS outstanding_fen
    FROM guarantee
    WHERE state <> 'declined' AND decided_on <= $5 AND {_CHOSEN.format("guarantee")}
    ORDER BY id LIMIT {MOST_SOURCES + 1}
"""  # noqa: S608 - constant conditions
_OF_CLAIMS = f"""
    FROM claim JOIN guarantee ON guarantee.id = claim.guarantee_id {{join}}
    WHERE {{within}} AND {_CHOSEN.format("claim")} ORDER BY claim.id {{order}}
    LIMIT {MOST_SOURCES + 1}
"""
_CLAIMS = (
    "SELECT claim.id, claim.programme, claim.filed_on, claim.approved_on, "
    "coalesce(claim.eligible_loss_fen, 0) AS eligible_loss_fen "
    + _OF_CLAIMS.format(join="", within="claim.filed_on <= $5", order="")
)
_LEGS = (
    "SELECT claim_id, claim.programme, party, org = claim.bank AS is_the_banks, "
    "capped_fen + overflow_fen AS amount_fen, paid_on "
    + _OF_CLAIMS.format(
        join="JOIN loss_leg ON claim_id = claim.id", within="paid_on <= $5", order=", place"
    )
)
_RECOVERIES = (
    "SELECT recovery.id, claim_id, claim.programme, received_on, allocations, claim.bank "
    + _OF_CLAIMS.format(
        join="JOIN recovery ON claim_id = claim.id",
        within="received_on <= $5",
        order=", recovery.id",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which guarantees a statement is about, and for whose eyes; None for any."""

    programme: str | None = None
    uscc: str | None = None
    fund: str | None = None
    reader: str | None = None


async def facts(work: Transaction, chosen: Chosen, *, on: date) -> Facts:
    """Read everything up to a day; raises ReportTooLarge."""
    given = (chosen.programme, chosen.uscc, chosen.fund, chosen.reader, on)
    covered, claims, legs, back = [
        await work.fetch(sql, *given) for sql in (_GUARANTEES, _CLAIMS, _LEGS, _RECOVERIES)
    ]
    for rows in (covered, claims, legs, back):
        require_bounded(rows)
    return Facts(
        [Covered(**dict(row)) for row in covered],
        [Claimed(**dict(row)) for row in claims],
        [Paid(**dict(row)) for row in legs],
        [_recovered(row) for row in back],
    )


def _recovered(row: Row) -> Recovered:
    allocations = row["allocations"]
    return Recovered(
        id=row["id"],
        claim_id=row["claim_id"],
        programme=row["programme"],
        received_on=row["received_on"],
        by_party=tuple((party, fen) for party, _, fen in allocations),
        bank_party=next((party for party, org, _ in allocations if org == row["bank"]), None),
    )


async def moved(work: Transaction, fund: str, *, since: date, on: date) -> list[Moved]:
    """Read a fund's entries of a period of booking; raises ReportTooLarge."""
    rows = await work.fetch(
        "SELECT posting_id, kind, account, debit_fen - credit_fen AS net_fen "
        "FROM fund_posting JOIN fund_entry USING (posting_id) "
        "WHERE fund = $1 AND booked_on BETWEEN $2 AND $3 ORDER BY position, line LIMIT $4",
        fund,
        since,
        on,
        MOST_SOURCES + 1,
    )
    require_bounded(rows)
    return [Moved(**dict(row)) for row in rows]
