"""REST of the reports: programme, fund, enterprise and G53-05, as JSON, CSV or XLSX; snapshots."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from services.guarantee.figures.schemas import FILES, Part, ReportView
from services.guarantee.reports import handlers
from services.guarantee.reports.rules import Asked, ReportKind
from services.guarantee.reports.schemas import (
    ComparedView,
    KeepReport,
    SnapshotPage,
    SnapshotView,
    kept,
)
from shared.web import commands, paging, sheets
from shared.web.auth import Caller
from shared.web.commands import Command
from shared.web.fields import Day
from shared.web.problem import problems
from shared.web.sheets import Format

router = APIRouter(prefix="/v1", tags=["reports 报表"])

ANYONES = "guarantee.reports:read-all"
"""With this scope a caller's reports are whole; without it they hold what it is a party to."""

Read = Annotated[commands.Query, commands.query("guarantee.reports:read")]
Write = Annotated[Command, commands.command("guarantee.reports:write")]
Subject = Annotated[str, Path(max_length=64, description="whom the report is about")]
Since = Annotated[Day | None, Query(description="first day of a programme's or fund's period")]
On = Annotated[Day, Query(description="the day at whose end it is stated; last of a period")]


def _reader(caller: Caller) -> str | None:
    return None if ANYONES in caller.scopes else caller.org


@router.get(
    "/reports/{kind}/{subject}",
    response_model=ReportView,
    responses={**problems(404), **FILES},
)
async def get_report(
    kind: ReportKind,
    subject: Subject,
    query: Read,
    on: On,
    since: Since = None,
    part: Part = "figures",
    wanted: sheets.Wanted = Format.JSON,
) -> Response:
    """State a programme, a fund, an enterprise's support or a bank's G53-05 for a day."""
    reader = _reader(query.caller)
    asked = Asked(kind=kind, subject=subject, since=since, on=on, reader=reader)
    return await sheets.answer(
        query,
        lambda work: handlers.report(work, asked),
        present=ReportView.of,
        table=lambda view: view.part(part),
        wanted=wanted,
    )


@router.post("/snapshots", status_code=201, response_model=SnapshotView, responses=problems(400))
async def keep_report(body: KeepReport, command: Write) -> Response:
    """Keep a report as it is stated now, for good."""
    reader, by = _reader(command.caller), command.caller.sub
    asked = Asked(
        kind=body.report, subject=body.subject, since=body.since, on=body.on, reader=reader
    )
    return await command.run(
        lambda work: handlers.keep(work, asked, by=by),
        present=SnapshotView.of,
        status=201,
        location=lambda snapshot: f"/v1/snapshots/{snapshot.id}",
    )


@router.get("/snapshots", response_model=SnapshotPage, responses=problems())
async def list_snapshots(
    query: Read, after: paging.After = None, limit: paging.Limit = 50
) -> Response:
    """List kept reports, oldest first, without their figures."""
    start, reader = paging.decode_id(after), _reader(query.caller)
    return await query.run(
        lambda work: handlers.page(work, reader=reader, after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=SnapshotView.of,
            cursor=lambda snapshot: paging.encode_cursor(str(snapshot.id)),
        ),
    )


@router.get(
    "/snapshots/{snapshot_id}",
    response_model=ReportView,
    responses={**problems(404), **FILES},
)
async def get_snapshot(
    snapshot_id: UUID, query: Read, part: Part = "figures", wanted: sheets.Wanted = Format.JSON
) -> Response:
    """Read a kept report, byte for byte as it was stated."""
    reader = _reader(query.caller)
    return await sheets.answer(
        query,
        lambda work: handlers.get(work, snapshot_id, reader=reader),
        present=kept,
        table=lambda view: view.part(part),
        wanted=wanted,
    )


@router.get(
    "/snapshots/{snapshot_id}/comparison", response_model=ComparedView, responses=problems(404)
)
async def compare_snapshot(snapshot_id: UUID, query: Read) -> Response:
    """Ask a kept report's question again and name the figures that changed since."""
    reader = _reader(query.caller)
    return await query.run(
        lambda work: handlers.compare(work, snapshot_id, reader=reader), present=ComparedView.of
    )
