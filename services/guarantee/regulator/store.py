"""SQL of the regulator's table: loans as they stood, and what banks stated of them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.guarantee.figures.rules import MOST_SOURCES, require_bounded
from services.guarantee.regulator.rules import (
    Attributes,
    Compensation,
    FirmSize,
    GuaranteedLoan,
)
from shared.db.database import Row, Transaction

_LOANS = f"""
    SELECT guarantee.loan_id, guarantee.uscc, fact.principal_outstanding_fen,
        fact.overdue_since, fact.classification, coalesce(paid.fen, 0) AS paid_fen,
        stated.size, stated.credit_line_fen, stated.is_farmer, stated.guarantor_is_public
    FROM guarantee
    JOIN LATERAL (
        SELECT principal_outstanding_fen, overdue_since, classification FROM known_loan_fact
        WHERE loan_id = guarantee.loan_id AND fact_on <= $2
        ORDER BY fact_on DESC, recorded_at DESC, position DESC LIMIT 1
    ) AS fact ON true
    LEFT JOIN LATERAL (
        SELECT size, credit_line_fen, is_farmer, guarantor_is_public FROM loan_attribute
        WHERE loan_id = guarantee.loan_id AND stated_on <= $2
        ORDER BY stated_on DESC, position DESC LIMIT 1
    ) AS stated ON true
    LEFT JOIN LATERAL (
        SELECT sum(capped_fen + overflow_fen)::bigint AS fen
        FROM claim JOIN loss_leg ON claim_id = claim.id
        WHERE claim.guarantee_id = guarantee.id AND org <> claim.bank AND paid_on <= $2
    ) AS paid ON true
    WHERE effective_on <= $2 AND ($1::text IS NULL OR bank = $1)
        AND (coalesce(closed_on, released_on) IS NULL OR coalesce(closed_on, released_on) > $2)
    ORDER BY guarantee.id LIMIT {MOST_SOURCES + 1}
"""  # noqa: S608 - a constant limit
_PAID = f"""
    SELECT claim_id, party, capped_fen + overflow_fen AS amount_fen, paid_on
    FROM claim JOIN loss_leg ON claim_id = claim.id
    WHERE ($1::text IS NULL OR claim.bank = $1) AND org <> claim.bank AND paid_on <= $2
        AND paid_on >= date_trunc('year', $2::date)::date AND capped_fen + overflow_fen > 0
    ORDER BY claim_id, place LIMIT {MOST_SOURCES + 1}
"""  # noqa: S608 - a constant limit


async def loans(work: Transaction, *, bank: str | None, on: date) -> list[GuaranteedLoan]:
    """Read the loans under a guarantee in force at the end of a day; raises ReportTooLarge."""
    rows = await work.fetch(_LOANS, bank, on)
    require_bounded(rows)
    return [_loan(row) for row in rows]


def _loan(row: Row) -> GuaranteedLoan:
    # What was compensated is no longer owed to the bank, whatever it reported before.
    balance_fen = max(0, row["principal_outstanding_fen"] - row["paid_fen"])
    stated = None
    if row["size"] is not None:
        stated = Attributes(
            size=FirmSize(row["size"]),
            credit_line_fen=row["credit_line_fen"],
            is_farmer=row["is_farmer"],
            guarantor_is_public=row["guarantor_is_public"],
        )
    return GuaranteedLoan(
        loan_id=row["loan_id"],
        uscc=row["uscc"],
        balance_fen=balance_fen,
        unpaid_fen=balance_fen,
        classification=row["classification"],
        overdue_since=row["overdue_since"],
        attributes=stated,
    )


async def paid_this_year(work: Transaction, *, bank: str | None, on: date) -> list[Compensation]:
    """Read what others paid to banks from the first of January on; raises ReportTooLarge."""
    rows = await work.fetch(_PAID, bank, on)
    require_bounded(rows)
    return [Compensation(**dict(row)) for row in rows]


async def own_loans(work: Transaction, loan_ids: Sequence[UUID], *, bank: str) -> set[UUID]:
    """Return which loans a bank has, or had, under a guarantee."""
    rows = await work.fetch(
        "SELECT loan_id FROM guarantee "
        "WHERE loan_id = ANY($1::uuid[]) AND bank = $2 AND state <> 'declined'",
        list(loan_ids),
        bank,
    )
    return {row["loan_id"] for row in rows}


async def put_attributes(
    work: Transaction, stated: Sequence[tuple[UUID, Attributes]], *, on: date, by: str
) -> None:
    """Keep what was stated, beside what was stated before."""
    await work.executemany(
        "INSERT INTO loan_attribute (loan_id, stated_on, size, credit_line_fen, is_farmer, "
        "guarantor_is_public, stated_by) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [
            (loan_id, on, a.size, a.credit_line_fen, a.is_farmer, a.guarantor_is_public, by)
            for loan_id, a in stated
        ],
    )
