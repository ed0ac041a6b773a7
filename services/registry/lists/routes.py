"""REST of the lists."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.registry.lists import handlers, store
from services.registry.lists.rules import COLUMNS, MOST_ROWS
from services.registry.lists.schemas import ListImport, ListVersionView
from shared.web import commands
from shared.web.commands import Command
from shared.web.csv_upload import read_lines
from shared.web.fields import OrgCode
from shared.web.problem import problems
from shared.web.uploads import CSV_BODY, Upload

router = APIRouter(prefix="/v1/lists", tags=["lists 名单"])

Write = Annotated[Command, commands.command("registry.lists:write")]
Read = Annotated[commands.Query, commands.query("registry.lists:read")]


@router.post(
    "/{list_code}/versions",
    status_code=201,
    response_model=ListImport,
    responses=problems(400, 413),
    openapi_extra=CSV_BODY,
    description=(
        "Import the next version of a list from CSV (UTF-8 or GBK); every row is answered for. "
        f"A file has at most {MOST_ROWS} rows: a longer list is published under several codes."
    ),
)
async def import_version(list_code: OrgCode, upload: Upload, command: Write) -> Response:
    """Import the next version of a list from CSV (UTF-8 or GBK); every row is answered for."""
    lines, misshapen = read_lines(
        upload.content, declared=upload.charset, columns=COLUMNS, most_rows=MOST_ROWS
    )
    by = command.caller.org
    return await command.run(
        lambda work: handlers.import_version(work, list_code, lines, misshapen, by=by),
        present=ListImport.of,
        status=201,
        location=lambda report: f"/v1/lists/{report.list_code}/versions/{report.list_version}",
    )


@router.get(
    "/{list_code}/versions/{version}", response_model=ListVersionView, responses=problems(404)
)
async def get_version(
    list_code: OrgCode, version: Annotated[int, Path(ge=1, le=2**31 - 1)], query: Read
) -> Response:
    """Read a version: when it was published and who was on it."""
    return await query.run(
        lambda work: store.get(work, list_code, version), present=ListVersionView.of
    )
