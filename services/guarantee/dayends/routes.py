"""REST of the ends of days, for operators."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response

from services.guarantee.dayends import handlers
from services.guarantee.dayends.rules import Run
from services.guarantee.dayends.schemas import AskDayEnd, CasePage, CaseView, DayEndView
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(prefix="/v1/day-ends", tags=["day ends 日终"])

Write = Annotated[Command, commands.command("guarantee.operations:write")]
Read = Annotated[commands.Query, commands.query("guarantee.operations:read")]


@router.post("", status_code=202, response_model=DayEndView, responses=problems(400, 409))
async def ask_day_end(body: AskDayEnd, command: Write) -> Response:
    """Run the end of a day that is over, again if it was run; yesterday runs by itself."""
    return await command.run(
        lambda work: handlers.ask(work, body.day),
        present=DayEndView.of,
        status=202,
        location=lambda ends: f"/v1/day-ends/{ends[0].day}",
    )


@router.get("/{day}", response_model=DayEndView, responses=problems(404))
async def get_day_end(day: date, query: Read) -> Response:
    """Read how far the runs of a day are."""
    return await query.run(lambda work: handlers.of_day(work, day), present=DayEndView.of)


@router.get("/{day}/{run}/cases", response_model=CasePage, responses=problems())
async def list_cases(
    day: date, run: Run, query: Read, after: paging.After = None, limit: paging.Limit = 50
) -> Response:
    """List the cases for which a run did something: released, filed, or overdue."""
    start = paging.decode_id(after)
    return await query.run(
        lambda work: handlers.cases(work, day, run, after=start, limit=limit),
        present=lambda found: paging.page_of(
            found,
            limit=limit,
            view=CaseView.of,
            cursor=lambda case_id: paging.encode_cursor(str(case_id)),
        ),
    )
