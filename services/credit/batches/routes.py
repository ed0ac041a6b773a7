"""REST of the batches: a file of loans as a job, its progress, its rows and its result file."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi import Query as Parameter

from services.credit.batches import handlers
from services.credit.batches.rules import MOST_ROWS, RESULT_COLUMNS
from services.credit.batches.schemas import (
    EXAMPLE,
    BatchPage,
    BatchRowPage,
    BatchRowView,
    BatchView,
    result_table,
)
from services.credit.portfolios.rules import COLUMNS
from shared.web import commands, paging, sheets
from shared.web.commands import Command
from shared.web.fields import OrgCode
from shared.web.problem import problems
from shared.web.sheet_upload import sheet_body
from shared.web.sheets import Format
from shared.web.uploads import Upload

router = APIRouter(prefix="/v1/portfolios/batches", tags=["portfolios 批量"])

Write = Annotated[Command, commands.command("credit.loans:write")]
Read = Annotated[commands.Query, commands.query("credit.loans:read")]
SameFormat = Annotated[
    Format | None, Parameter(alias="format", description="json, csv or xlsx; the sent file's own")
]
HEADER = ",".join(RESULT_COLUMNS) + "\r\n"


@router.post(
    "",
    status_code=202,
    response_model=BatchView,
    responses=problems(400, 403, 409, 413, 415),
    openapi_extra=sheet_body(COLUMNS, EXAMPLE),
    description=f"Enrol the loans of a CSV, XLSX or JSON file of up to {MOST_ROWS} rows as a job.",
)
async def send_batch(
    upload: Upload, command: Write, programme: OrgCode, guarantor: OrgCode
) -> Response:
    """Enrol the loans of a file as a job."""
    sheet, by = await handlers.read(upload), command.caller
    return await command.run(
        lambda work: handlers.send(work, sheet, programme=programme, guarantor=guarantor, by=by),
        present=BatchView.of,
        status=202,
        location=lambda made: f"/v1/portfolios/batches/{made.stored.batch.id}",
    )


@router.get("", response_model=BatchPage, responses=problems())
async def list_batches(
    query: Read, after: paging.After = None, limit: paging.Limit = 50
) -> Response:
    """List the bank's batches, oldest first, without their loans' states."""
    start, bank = paging.decode_id(after), query.caller.org
    return await query.run(
        lambda work: handlers.page(work, bank=bank, after=start, limit=limit),
        present=lambda found: paging.page_of(
            found,
            limit=limit,
            view=BatchView.of,
            cursor=lambda each: paging.encode_cursor(str(each.stored.batch.id)),
        ),
    )


@router.get("/{batch_id}", response_model=BatchView, responses=problems(404))
async def get_batch(batch_id: UUID, query: Read) -> Response:
    """Read how far a batch is and where its loans stand."""
    bank = query.caller.org
    return await query.run(
        lambda work: handlers.progress(work, batch_id, bank=bank), present=BatchView.of
    )


@router.get("/{batch_id}/rows", response_model=BatchRowPage, responses=problems(404))
async def list_batch_rows(
    batch_id: UUID, query: Read, after: paging.After = None, limit: paging.Limit = 50
) -> Response:
    """List a batch's rows with what became of each."""
    start = 0 if after is None else paging.decode_cursor(after, int)[0]
    bank = query.caller.org
    return await query.run(
        lambda work: handlers.rows(work, batch_id, bank=bank, after=start, limit=limit),
        present=lambda found: paging.page_of(
            found,
            limit=limit,
            view=BatchRowView.of,
            cursor=lambda each: paging.encode_cursor(each[0].number),
        ),
    )


@router.get(
    "/{batch_id}/result",
    response_class=Response,
    responses={**problems(404), **sheets.file_responses(HEADER)},
)
async def get_result(batch_id: UUID, query: Read, wanted: SameFormat = None) -> Response:
    """Read the rows with what became of them as a file, in the format of the one that was sent."""
    async with query.database.read() as work:
        batch, rows = await handlers.result(work, batch_id, bank=query.caller.org)
    table, chosen = result_table(batch, rows), wanted or Format(batch.format)
    return sheets.as_file(await asyncio.to_thread(sheets.write, table, chosen), table.name, chosen)
