"""Responses of the batches."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from services.credit.batches.handlers import Progress
from services.credit.batches.rules import (
    RESULT_COLUMNS,
    Batch,
    BatchRow,
    BatchState,
    LoanNow,
    words,
)
from services.credit.loans.rules import LoanState
from services.credit.portfolios.rules import COLUMNS
from shared.events.fields import Digest
from shared.web.csv_upload import RowNumber, RowReason
from shared.web.fields import Count, Id, OrgCode, View
from shared.web.paging import Page
from shared.web.sheets import Cell, Format, Table

EXAMPLE = {
    "reference": "YKD-2025-0001",
    "uscc": "91320706MA1N00018N",
    "amount_yuan": "5000000.00",
    "rate_percent": "3.45",
    "tenor_months": "12",
    "signed_on": "2026-03-01",
}


class BatchView(View):
    """A batch: how far it is, and where its loans stand by now."""

    batch_id: Id
    state: Annotated[BatchState, Field(examples=["done"])]
    programme: OrgCode
    guarantor: OrgCode
    format: Annotated[Format, Field(examples=["xlsx"])]
    sha256: Digest
    sent_by: str = Field(examples=["maker-1"])
    sent_at: Annotated[datetime, Field(examples=["2026-03-02T01:00:00Z"])]
    finished_at: Annotated[datetime | None, Field(examples=["2026-03-02T01:00:09Z"])]
    total: Count
    done: Count
    accepted: Count
    rejected: Count
    by_state: Annotated[dict[LoanState, int], Field(examples=[{"enrolled": 9_988}])]

    @classmethod
    def of(cls, progress: Progress) -> Self:
        """Show a batch."""
        batch = progress.stored.batch
        return cls(
            batch_id=batch.id,
            state=batch.state,
            programme=batch.programme,
            guarantor=batch.guarantor,
            format=Format(batch.format),
            sha256=batch.sha256,
            sent_by=batch.sent_by,
            sent_at=batch.sent_at,
            finished_at=batch.finished_at,
            total=batch.total,
            done=batch.done,
            accepted=batch.accepted,
            rejected=batch.done - batch.accepted,
            by_state=dict(progress.by_state),
        )


class BatchRowView(View):
    """What became of one row, and of its loan since."""

    row: RowNumber
    reference: str = Field(examples=["YKD-2025-0001"])
    result: str = Field(description="accepted, rejected or waiting", examples=["accepted"])
    loan_id: Id | None
    loan_state: Annotated[LoanState | None, Field(examples=["enrolled"])]
    refusal_codes: Annotated[
        list[str], Field(description="why the enrolment was refused", examples=[["tenor"]])
    ]
    reasons: list[RowReason]

    @classmethod
    def of(cls, found: tuple[BatchRow, LoanNow | None]) -> Self:
        """Show a row."""
        row, loan = found
        return cls(
            row=row.number,
            reference=row.cells.get("reference", "")[:100],
            result=row.result,
            loan_id=row.loan_id,
            loan_state=LoanState(loan.state) if loan else None,
            refusal_codes=list(loan.refusal_codes) if loan else [],
            reasons=[RowReason.of(reason) for reason in row.reasons],
        )


BatchPage = Page[BatchView]
BatchRowPage = Page[BatchRowView]


def result_table(batch: Batch, rows: list[tuple[BatchRow, LoanNow | None]]) -> Table:
    """Repeat a file's rows with what became of them."""
    cells: list[list[Cell]] = [
        [
            row.number,
            *(row.cells.get(column, "") for column in COLUMNS),
            row.result,
            str(row.loan_id or ""),
            loan.state if loan else "",
            words(row, loan),
        ]
        for row, loan in rows
    ]
    return Table(f"batch-{batch.id}", RESULT_COLUMNS, cells)
