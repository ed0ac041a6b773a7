"""REST of the reconciliations."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.guarantee.reconciliations import handlers
from services.guarantee.reconciliations.rules import COLUMNS, MOST_ROWS
from services.guarantee.reconciliations.schemas import (
    EXAMPLE,
    BankDayView,
    MatchedDayView,
    StatedDayView,
)
from shared.web import commands, sheets
from shared.web.commands import Command
from shared.web.fields import Day
from shared.web.problem import problems
from shared.web.sheet_upload import read_sheet, sheet_body
from shared.web.sheets import Format
from shared.web.uploads import Upload

router = APIRouter(prefix="/v1/reconciliations", tags=["reconciliations 对账"])

ANYONES = "guarantee.reconciliations:read-all"

Read = Annotated[commands.Query, commands.query("guarantee.reconciliations:read")]
Write = Annotated[Command, commands.command("guarantee.reconciliations:write")]
OnDay = Annotated[Day, Path(description="business day", examples=["2026-03-02"])]
FILES = sheets.file_responses(f"{','.join(COLUMNS)},guarantee_id,guarantor,fund\r\n")


def _reader(query: commands.Query) -> str | None:
    return None if ANYONES in query.caller.scopes else query.caller.org


@router.get("/{bank}/{day}", response_model=BankDayView, responses={**problems(404), **FILES})
async def get_bank_day(
    bank: str, day: OnDay, query: Read, wanted: sheets.Wanted = Format.JSON
) -> Response:
    """Read a bank's day: movements, sums by kind, what is in force, digest (对账文件)."""
    return await sheets.answer(
        query,
        lambda work: handlers.bank_day(work, bank, day, reader=_reader(query)),
        present=BankDayView.of,
        table=BankDayView.table,
        wanted=wanted,
    )


@router.post(
    "/{day}/statements",
    response_model=StatedDayView,
    responses=problems(400, 413, 415),
    openapi_extra=sheet_body(COLUMNS, EXAMPLE),
)
async def state_day(day: OnDay, upload: Upload, command: Write) -> Response:
    """State what the caller's own books have for a day; a later statement replaces it."""
    lines, misshapen = read_sheet(upload, columns=COLUMNS, most_rows=MOST_ROWS)
    return await command.run(
        lambda work: handlers.state(work, day, lines, misshapen, by=command.caller),
        present=StatedDayView.of,
    )


@router.get(
    "/{bank}/{day}/match", response_model=MatchedDayView, responses={**problems(404), **FILES}
)
async def get_match(
    bank: str, day: OnDay, query: Read, wanted: sheets.Wanted = Format.JSON
) -> Response:
    """Compare a bank's day with the books of bank, guarantors and funds (三方核对)."""
    return await sheets.answer(
        query,
        lambda work: handlers.match(work, bank, day, reader=_reader(query)),
        present=MatchedDayView.of,
        table=MatchedDayView.table,
        wanted=wanted,
    )
