"""Requests and responses of the portfolios."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import Field

from services.credit.loans.rules import LoanState
from services.credit.portfolios.handlers import DrawnRow, IntakeRow
from shared.web.csv_upload import RowNumber, RowReason
from shared.web.fields import Body, Count, Day, Id, OrgCode, View


class IntakeRowView(View):
    """What became of one row."""

    row: RowNumber
    reference: str = Field(examples=["YKD-2025-0001"])
    loan_id: Id | None
    accepted: bool = Field(examples=[True])
    reasons: list[RowReason]


class Intake(View):
    """The report of an intake."""

    accepted: Count
    rejected: Count
    rows: list[IntakeRowView]

    @classmethod
    def of(cls, rows: Sequence[IntakeRow]) -> Self:
        """Show what became of every row."""
        shown = [
            IntakeRowView(
                row=row.number,
                reference=row.reference,
                loan_id=row.loan_id,
                accepted=row.loan_id is not None,
                reasons=[RowReason.of(reason) for reason in row.reasons],
            )
            for row in rows
        ]
        accepted = sum(row.accepted for row in shown)
        return cls(accepted=accepted, rejected=len(shown) - accepted, rows=shown)


class DrawMany(Body):
    """Loans paid out on one day."""

    loan_ids: Annotated[list[Id], Field(min_length=1, max_length=10_000)]
    disbursed_on: Day


class DrawnLoan(View):
    """What became of one loan."""

    loan_id: Id
    accepted: bool = Field(examples=[True])
    reasons: list[RowReason]


class Drawdowns(View):
    """The report of a bulk drawdown."""

    accepted: Count
    rejected: Count
    rows: list[DrawnLoan]

    @classmethod
    def of(cls, rows: Sequence[DrawnRow]) -> Self:
        """Show what became of every loan."""
        shown = [
            DrawnLoan(
                loan_id=row.loan_id,
                accepted=not row.reasons,
                reasons=[RowReason.of(reason) for reason in row.reasons],
            )
            for row in rows
        ]
        accepted = sum(row.accepted for row in shown)
        return cls(accepted=accepted, rejected=len(shown) - accepted, rows=shown)


class Progress(View):
    """How many loans of a programme are in each state."""

    programme: OrgCode
    by_state: Annotated[dict[LoanState, int], Field(examples=[{"drawn": 500, "enrolled": 30}])]

    @classmethod
    def of(cls, programme: str, counts: Mapping[LoanState, int]) -> Self:
        """Show the counts."""
        return cls(programme=programme, by_state=dict(counts))
