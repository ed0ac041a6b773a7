"""Responses of the regulator's slice."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field

from services.guarantee.regulator.handlers import StatedRow
from shared.web.csv_upload import RowNumber, RowReason
from shared.web.fields import Count, View

EXAMPLE = {
    "loan_id": "01890a5d-ac96-774b-bcce-b302099a8057",
    "size": "micro",
    "credit_line_fen": "800000000",
    "is_farmer": "no",
    "guarantor_is_public": "yes",
}


class StatedRowView(View):
    """What became of one row."""

    row: RowNumber
    accepted: bool = Field(examples=[True])
    reasons: list[RowReason]

    @classmethod
    def of(cls, row: StatedRow) -> Self:
        """Show a row."""
        reasons = [RowReason.of(reason) for reason in row.reasons]
        return cls(row=row.number, accepted=not row.reasons, reasons=reasons)


class StatedView(View):
    """The report of what was stated."""

    accepted: Count
    rejected: Count
    rows: list[StatedRowView]

    @classmethod
    def of(cls, rows: Sequence[StatedRow]) -> Self:
        """Show what became of every row."""
        shown = [StatedRowView.of(row) for row in rows]
        accepted = sum(row.accepted for row in shown)
        return cls(accepted=accepted, rejected=len(shown) - accepted, rows=shown)
