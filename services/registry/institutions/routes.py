"""REST of the directory."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.registry.institutions import handlers, store
from services.registry.institutions.rules import COLUMNS, MOST_ROWS
from services.registry.institutions.schemas import (
    InstitutionImport,
    InstitutionPage,
    InstitutionView,
    RegisterInstitution,
)
from shared.db.database import Transaction
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.csv_upload import read_lines
from shared.web.problem import problems
from shared.web.uploads import CSV_BODY, Upload

router = APIRouter(prefix="/v1/institutions", tags=["institutions 机构与部门"])

Write = Annotated[Command, commands.command("registry.institutions:write")]
Read = Annotated[commands.Query, commands.query("registry.institutions:read")]


@router.post("", status_code=201, response_model=InstitutionView, responses=problems(400, 409))
async def register_institution(body: RegisterInstitution, command: Write) -> Response:
    """Enter or replace one entry."""

    async def use_case(work: Transaction) -> store.Stored:
        return (await handlers.register(work, [body.institution()]))[0]

    return await command.run(
        use_case,
        present=InstitutionView.of,
        status=201,
        location=lambda stored: f"/v1/institutions/{stored.institution.code}",
    )


@router.post(
    "/import",
    response_model=InstitutionImport,
    responses=problems(400, 413),
    openapi_extra=CSV_BODY,
)
async def import_institutions(upload: Upload, command: Write) -> Response:
    """Import a CSV file; every row is answered for."""
    lines, misshapen = read_lines(
        upload.content, declared=upload.charset, columns=COLUMNS, most_rows=MOST_ROWS
    )
    return await command.run(
        lambda work: handlers.import_rows(work, lines, misshapen), present=InstitutionImport.of
    )


@router.get("/{code}", response_model=InstitutionView, responses=problems(404))
async def get_institution(code: str, query: Read) -> Response:
    """Read one entry."""
    return await query.run(lambda work: store.get(work, code), present=InstitutionView.of)


@router.get("", response_model=InstitutionPage, responses=problems())
async def list_institutions(
    query: Read, after: paging.After = None, limit: paging.Limit = 50
) -> Response:
    """List entries by code."""
    start = str(paging.decode_cursor(after, str)[0]) if after else None
    return await query.run(
        lambda work: store.page(work, after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=InstitutionView.of,
            cursor=lambda stored: paging.encode_cursor(stored.institution.code),
        ),
    )
