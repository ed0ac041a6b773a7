"""Use cases of the batches: store a file, and the chore that takes it in page by page."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.credit.batches import rules, store
from services.credit.batches.rules import Batch, BatchId, BatchRow, LoanNow
from services.credit.batches.store import Stored
from services.credit.known import handlers as known
from services.credit.loans import handlers as loans
from services.credit.loans.rules import LoanState
from services.credit.portfolios import handlers as portfolios
from services.credit.portfolios.rules import COLUMNS
from shared.db.database import Database, Transaction
from shared.errors import DomainError, Violation
from shared.web.auth import Caller
from shared.web.csv_upload import Line
from shared.web.sheet_upload import format_of, read_sheet
from shared.web.uploads import UploadedFile

TAKE_IN_EVERY_S = 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that was read: its rows, and what is wrong with the others' shape."""

    format: str
    sha256: str
    lines: Sequence[Line]
    misshapen: dict[int, Violation]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is, and how many of its loans are in which state."""

    stored: Stored
    by_state: dict[LoanState, int]

    @property
    def version(self) -> None:
        """A batch's loans change without it: it has no ETag."""


async def read(upload: UploadedFile) -> Sheet:
    """Read a file beside the event loop: 10,000 rows of a workbook take most of a second."""
    wanted = format_of(upload)
    lines, misshapen = await asyncio.to_thread(
        read_sheet, upload, columns=COLUMNS, most_rows=rules.MOST_ROWS
    )
    return Sheet(wanted, hashlib.sha256(upload.content).hexdigest(), lines, misshapen)


async def send(
    work: Transaction, sheet: Sheet, *, programme: str, guarantor: str, by: Caller
) -> Progress:
    """Store a file's rows to be taken in; rows of another shape are answered for at once.

    Raises NotABank, GuarantorUnknown or ProgrammeSuspended.
    """
    await known.require_bank(work, by.org, on=work.today)
    await known.require_guarantor(work, guarantor, on=work.today)
    await known.require_open(work, programme=programme, bank=by.org)
    rows = [BatchRow(line.number, dict(line.cells)) for line in sheet.lines]
    bad = [BatchRow(number, {}, None, (why,)) for number, why in sheet.misshapen.items()]
    batch = Batch(
        id=BatchId(work.new_id()),
        bank=by.org,
        programme=programme,
        guarantor=guarantor,
        format=sheet.format,
        sha256=sheet.sha256,
        sent_by=by.sub,
        sent_at=work.now,
        total=len(rows) + len(bad),
        done=0,
        accepted=0,
    )
    stored = await store.insert(work, rules.go_on(batch, bad, now=work.now), [*rows, *bad])
    return Progress(stored, {})


async def take_in_some(database: Database) -> bool:
    """Take in the next page of one batch; True where more may wait."""
    database.bound.require_room()
    async with database.transaction() as work:
        stored = await store.claim_one(work)
        if stored is None:
            return False
        page = await store.waiting(work, stored.batch.id, limit=rules.PAGE_ROWS)
        answered = await _answer(work, stored.batch, page)
        after = rules.go_on(stored.batch, answered, now=work.now)
        await store.save(work, stored, after, answered)
    return True


async def _answer(work: Transaction, batch: Batch, page: Sequence[BatchRow]) -> list[BatchRow]:
    try:
        taken = await portfolios.take_in(
            work,
            [Line(row.number, row.cells) for row in page],
            {},
            bank=batch.bank,
            programme=batch.programme,
            guarantor=batch.guarantor,
        )
    except DomainError as refusal:
        # Nothing was written yet: what is refused is the whole page, by the bank's own state.
        return rules.refused_all(page, refusal)
    answers = {row.number: row for row in taken}
    return [
        replace(row, loan_id=answers[row.number].loan_id, reasons=answers[row.number].reasons)
        for row in page
    ]


async def progress(work: Transaction, batch_id: UUID, *, bank: str) -> Progress:
    """Read how far a batch is; raises BatchNotFound."""
    stored = await store.get(work, batch_id, bank=bank)
    found = await loans.states(work, await store.loan_ids(work, batch_id))
    by_state = {state: 0 for state, _ in found.values()}
    for state, _ in found.values():
        by_state[state] += 1
    return Progress(stored, by_state)


async def page(
    work: Transaction, *, bank: str, after: UUID | None, limit: int
) -> Sequence[Progress]:
    """Read up to ``limit`` + 1 of a bank's batches, without their loans' states."""
    found = await store.page(work, bank=bank, after=after, limit=limit)
    return [Progress(stored, {}) for stored in found]


async def rows(
    work: Transaction, batch_id: UUID, *, bank: str, after: int, limit: int
) -> list[tuple[BatchRow, LoanNow | None]]:
    """Read up to ``limit`` + 1 rows with what became of their loans; raises BatchNotFound."""
    await store.get(work, batch_id, bank=bank)
    found = await store.rows(work, batch_id, after=after, limit=limit)
    states = await loans.states(work, [row.loan_id for row in found if row.loan_id])
    return [
        (row, LoanNow(*states[row.loan_id]) if row.loan_id in states else None) for row in found
    ]


async def result(
    work: Transaction, batch_id: UUID, *, bank: str
) -> tuple[Batch, list[tuple[BatchRow, LoanNow | None]]]:
    """Read a whole batch for its result file; raises BatchNotFound."""
    stored = await store.get(work, batch_id, bank=bank)
    return stored.batch, await rows(work, batch_id, bank=bank, after=0, limit=rules.MOST_ROWS)
