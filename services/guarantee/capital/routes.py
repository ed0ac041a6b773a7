"""REST of a fund's capital."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.guarantee.capital import handlers
from services.guarantee.capital.schemas import MoveCapital, Reverse
from services.guarantee.fund.schemas import FundView
from shared.web import commands
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(prefix="/v1/funds", tags=["funds 信保基金"])

Write = Annotated[Command, commands.command("guarantee.fund:write")]
CHANGES = problems(400, 404, 409)


@router.post("/{fund}/capital", response_model=FundView, responses=CHANGES)
async def pay_in(fund: str, body: MoveCapital, command: Write) -> Response:
    """Book capital paid into the fund: a posting of its own, so no If-Match is asked."""
    reader, moved = command.caller.org, body.model_dump()
    return await command.run(
        lambda work: handlers.pay_in(work, fund, reader=reader, **moved), present=FundView.of
    )


@router.post("/{fund}/capital/return", response_model=FundView, responses=CHANGES)
async def give_back(fund: str, body: MoveCapital, command: Write) -> Response:
    """Book capital returned to its contributor (退出): free cash only, at most what it paid in."""
    reader, moved = command.caller.org, body.model_dump()
    return await command.run(
        lambda work: handlers.give_back(work, fund, reader=reader, **moved), present=FundView.of
    )


@router.post("/{fund}/postings/{posting_id}/reverse", response_model=FundView, responses=CHANGES)
async def reverse(fund: str, posting_id: UUID, body: Reverse, command: Write) -> Response:
    """Correct a wrong movement of capital by a reversing posting (冲正); nothing is edited."""
    reader = command.caller.org
    return await command.run(
        lambda work: handlers.reverse(work, fund, posting_id, reason=body.reason, reader=reader),
        present=FundView.of,
    )
