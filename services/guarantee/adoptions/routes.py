"""REST of the adoptions."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.guarantee.adoptions import handlers
from services.guarantee.adoptions.schemas import AdoptPack
from services.guarantee.programmes.schemas import ProgrammeView
from shared.web import commands
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(prefix="/v1/programmes", tags=["programmes 方案"])

Approve = Annotated[Command, commands.command("guarantee.programmes:approve")]


@router.post(
    "/{programme}/rule-pack",
    response_model=ProgrammeView,
    responses=problems(400, 404, 409, 412, 428),
)
async def adopt_pack(programme: str, body: AdoptPack, command: Approve) -> Response:
    """Go on under a later version of the programme's rule pack; letters keep theirs (改用新版)."""
    expected, by = command.if_match, command.caller
    return await command.run(
        lambda work: handlers.adopt(
            work, programme, body.version, by=by, expected_version=expected
        ),
        present=ProgrammeView.of,
    )
