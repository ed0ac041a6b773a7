"""REST of what banks state of their loans for the regulator."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.guarantee.regulator import handlers
from services.guarantee.regulator.rules import COLUMNS, MOST_ROWS
from services.guarantee.regulator.schemas import EXAMPLE, StatedView
from shared.web import commands
from shared.web.commands import Command
from shared.web.problem import problems
from shared.web.sheet_upload import read_sheet, sheet_body
from shared.web.uploads import Upload

router = APIRouter(prefix="/v1/loan-attributes", tags=["reports 报表"])

Write = Annotated[Command, commands.command("guarantee.loan-attributes:write")]


@router.post(
    "",
    response_model=StatedView,
    responses=problems(400, 413, 415),
    openapi_extra=sheet_body(COLUMNS, EXAMPLE),
)
async def state_attributes(upload: Upload, command: Write) -> Response:
    """State size, credit line, farmer and kind of guarantor of the caller's guaranteed loans."""
    lines, misshapen = read_sheet(upload, columns=COLUMNS, most_rows=MOST_ROWS)
    bank, by = command.caller.org, command.caller.sub
    return await command.run(
        lambda work: handlers.state(work, lines, misshapen, bank=bank, by=by),
        present=StatedView.of,
    )
