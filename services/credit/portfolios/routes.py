"""REST of the portfolios: many loans of one bank at once."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.credit.loans import handlers as loans
from services.credit.portfolios import handlers
from services.credit.portfolios.rules import COLUMNS, MOST_ROWS
from services.credit.portfolios.schemas import Drawdowns, DrawMany, Intake, Progress
from shared.web import commands
from shared.web.commands import Command
from shared.web.csv_upload import read_lines
from shared.web.fields import OrgCode
from shared.web.problem import problems
from shared.web.uploads import CSV_BODY, Upload

router = APIRouter(prefix="/v1/portfolios", tags=["portfolios 批量"])

Write = Annotated[Command, commands.command("credit.loans:write")]
Read = Annotated[commands.Query, commands.query("credit.loans:read")]


@router.post(
    "",
    response_model=Intake,
    responses=problems(400, 403, 413),
    openapi_extra=CSV_BODY,
    description=(
        "Contract the loans of a CSV file and ask for their enrolment; every row is answered for. "
        f"A file has at most {MOST_ROWS} rows: a larger portfolio is several files."
    ),
)
async def take_in_portfolio(
    upload: Upload, command: Write, programme: OrgCode, guarantor: OrgCode
) -> Response:
    """Contract the loans of a CSV file and ask for their enrolment."""
    lines, misshapen = read_lines(
        upload.content, declared=upload.charset, columns=COLUMNS, most_rows=MOST_ROWS
    )
    parties = {"bank": command.caller.org, "programme": programme, "guarantor": guarantor}
    return await command.run(
        lambda work: handlers.take_in(work, lines, misshapen, **parties), present=Intake.of
    )


@router.post("/drawdowns", response_model=Drawdowns, responses=problems(400, 403))
async def draw_many(body: DrawMany, command: Write) -> Response:
    """Record the drawdown of many enrolled loans; every loan is answered for."""
    bank = command.caller.org
    return await command.run(
        lambda work: handlers.draw_many(
            work, body.loan_ids, bank=bank, disbursed_on=body.disbursed_on
        ),
        present=Drawdowns.of,
    )


@router.get("/progress", response_model=Progress, responses=problems())
async def progress(query: Read, programme: OrgCode) -> Response:
    """Count the caller's loans in a programme by state."""
    bank = query.caller.org
    return await query.run(
        lambda work: loans.count_by_state(work, bank=bank, programme=programme),
        present=lambda counts: Progress.of(programme, counts),
    )
