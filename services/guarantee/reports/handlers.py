"""Use cases of the reports: answer a question, keep the answer, compare it with today's."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.guarantee.figures.rules import Report
from services.guarantee.figures.schemas import ReportView
from services.guarantee.regulator import handlers as regulator
from services.guarantee.reports import rules, store
from services.guarantee.reports.rules import Asked, Change, ReportKind, Snapshot
from services.guarantee.statements import handlers as statements
from shared.db.database import Transaction


@dataclass(frozen=True, slots=True)
class Compared:
    """A snapshot and the figures that are others by now."""

    snapshot: Snapshot
    changes: Sequence[Change]


async def report(work: Transaction, asked: Asked) -> Report:
    """Answer a question.

    Raises ProgrammeNotFound, FundNotFound, SubjectForeign, SinceMissing, PeriodInvalid or
    ReportTooLarge.
    """
    subject, on, reader = asked.subject, asked.on, asked.reader
    match asked.kind:
        case ReportKind.PROGRAMME:
            return await statements.of_programme(
                work, subject, since=asked.first_day(), on=on, reader=reader
            )
        case ReportKind.FUND:
            return await statements.of_fund(
                work, subject, since=asked.first_day(), on=on, reader=reader
            )
        case ReportKind.ENTERPRISE:
            return await statements.of_enterprise(work, subject, on=on, reader=reader)
        case ReportKind.G53_05:
            return await regulator.g53_05(work, bank=asked.bank(), on=on)


async def keep(work: Transaction, asked: Asked, *, by: str) -> Snapshot:
    """Answer a question and keep the answer for good."""
    content = ReportView.of(await report(work, asked)).model_dump_json()
    snapshot = Snapshot(
        id=work.new_id(),
        asked=asked,
        taken_by=by,
        taken_at=work.now,
        content=content,
        sha256=hashlib.sha256(content.encode()).hexdigest(),
    )
    await store.insert(work, snapshot)
    return snapshot


async def get(work: Transaction, snapshot_id: UUID, *, reader: str | None) -> Snapshot:
    """Read a snapshot; raises SnapshotNotFound."""
    return await store.get(work, snapshot_id, reader=reader)


async def page(
    work: Transaction, *, reader: str | None, after: UUID | None, limit: int
) -> list[Snapshot]:
    """Read up to ``limit`` + 1 snapshots, oldest first."""
    return await store.page(work, reader=reader, after=after, limit=limit)


async def compare(work: Transaction, snapshot_id: UUID, *, reader: str | None) -> Compared:
    """Ask a snapshot's question again and name the figures that changed."""
    snapshot = await store.get(work, snapshot_id, reader=reader)
    then = ReportView.model_validate_json(snapshot.content)
    now = ReportView.of(await report(work, snapshot.asked))
    before, after = ({each.item: each.value for each in view.figures} for view in (then, now))
    return Compared(snapshot, list(rules.compare(before, after)))
