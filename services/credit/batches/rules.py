"""Batches (批量备案): a file of up to 10,000 loans that is enrolled as a job.

Sources: 总对总 and 园区保 schemes enrol whole portfolios (domain.md §2); a bank sends its file once
and reads what became of every row. The file is stored first and then taken in page by page, each
page in one transaction with its rows' results: a process that dies leaves whole pages, the next one
goes on behind them, and no loan is contracted twice because a bank's reference is used once.

Example: 10,000 rows of which 12 are bad: 9,988 loans ask for enrolment, 12 rows say why not, and
the result file repeats all 10,000 with the loan, its state and the reasons.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.credit.portfolios.rules import COLUMNS
from shared.errors import DomainError, NotFound, Violation

MOST_ROWS = 10_000
PAGE_ROWS = 500
"""Rows of one transaction: what a process that dies in it has to do again."""
RESULT_COLUMNS = ("row", *COLUMNS, "result", "loan_id", "loan_state", "reasons")

BatchId = NewType("BatchId", UUID)


class BatchNotFound(NotFound):
    """The bank has no such batch."""

    code = "batch-not-found"
    title_zh = "未找到该批次"
    title_en = "Batch not found"


class BatchState(StrEnum):
    """Whether rows still wait to be taken in."""

    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One file: for whom it is, how it came, and how far it is; counts are of rows."""

    id: BatchId
    bank: str
    programme: str
    guarantor: str
    format: str
    sha256: str
    sent_by: str
    sent_at: datetime
    total: int
    done: int
    accepted: int
    finished_at: datetime | None = None

    @property
    def state(self) -> BatchState:
        """Where the batch stands."""
        return BatchState.RUNNING if self.finished_at is None else BatchState.DONE


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A row as it was sent, and what became of it; not answered for yet without either.

    ``number`` is the line of the file, the header being 1; of JSON the place, the first being 1.
    """

    number: int
    cells: Mapping[str, str]
    loan_id: UUID | None = None
    reasons: tuple[Violation, ...] = ()

    @property
    def result(self) -> str:
        """``accepted``, ``rejected`` or, until its page is taken in, ``waiting``."""
        if self.loan_id is not None:
            return "accepted"
        return "rejected" if self.reasons else "waiting"


@dataclass(frozen=True, slots=True)
class LoanNow:
    """What became of a row's loan meanwhile: its state, and why its enrolment was refused."""

    state: str
    refusal_codes: tuple[str, ...]


def go_on(batch: Batch, answered: Sequence[BatchRow], *, now: datetime) -> Batch:
    """Count a page's rows; a batch without rows left is done."""
    done = batch.done + len(answered)
    accepted = batch.accepted + sum(row.loan_id is not None for row in answered)
    finished_at = now if done == batch.total else None
    return replace(batch, done=done, accepted=accepted, finished_at=finished_at)


def refused_all(rows: Sequence[BatchRow], refusal: DomainError) -> list[BatchRow]:
    """Answer a page whose bank, guarantor or programme takes nothing in any more."""
    reasons = refusal.violations or (
        Violation(refusal.code, refusal.title_zh, refusal.title_en, "", None, None),
    )
    return [replace(row, reasons=reasons) for row in rows]


def words(row: BatchRow, loan: LoanNow | None) -> str:
    """Say in one cell why a row was refused, or why its enrolment was."""
    reasons = [f"{each.field or ''}: {each.zh} / {each.en}" for each in row.reasons]
    return "; ".join([*reasons, *(loan.refusal_codes if loan else ())])
