"""REST of the settlements, below their fund."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.guarantee.settlements import handlers
from services.guarantee.settlements.schemas import Settle, SettlementView
from shared.web import commands
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(prefix="/v1/funds", tags=["funds 信保基金"])

Pay = Annotated[Command, commands.command("guarantee.legs:pay")]


@router.post("/{fund}/settlements", response_model=SettlementView, responses=problems(400, 404))
async def settle(fund: str, body: Settle, command: Pay) -> Response:
    """Record that the fund paid its legs of many claims (批量划付); every row has its answer."""
    reader, rows = command.caller.org, body.given()
    return await command.run(
        lambda work: handlers.settle(work, fund, rows, reader=reader), present=SettlementView.of
    )
