"""REST of the openings, below their programme."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.guarantee.openings import handlers
from services.guarantee.openings.schemas import FileOpening, OpeningPage, OpeningView
from services.guarantee.programmes.routes import OVERSEERS
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.problem import problems
from shared.web.rule_packs import Packs

router = APIRouter(prefix="/v1/programmes/{programme}/openings", tags=["openings 期初余额"])

Write = Annotated[Command, commands.command("guarantee.programmes:write")]
Approve = Annotated[Command, commands.command("guarantee.programmes:approve")]
Read = Annotated[commands.Query, commands.query("guarantee.programmes:read")]


def _reader(query: commands.Query) -> str | None:
    return None if OVERSEERS & query.caller.scopes else query.caller.org


@router.post("", status_code=201, response_model=OpeningView, responses=problems(400, 404, 409))
async def file_opening(programme: str, body: FileOpening, command: Write) -> Response:
    """State a prior year-end balance (期初余额), or correct one; another person confirms it."""
    statement = body.statement()
    return await command.run(
        lambda work: handlers.file_opening(work, programme, statement, by=command.caller),
        present=OpeningView.of,
        status=201,
        location=lambda stored: f"/v1/programmes/{programme}/openings/{stored.opening.id}",
    )


@router.post(
    "/{opening_id}/confirm",
    response_model=OpeningView,
    responses=problems(400, 404, 409, 412, 428),
)
async def confirm_opening(
    programme: str, opening_id: UUID, command: Approve, packs: Packs
) -> Response:
    """Confirm a base that another person of the fund stated (复核): caps and breakers follow it."""
    expected, by = command.if_match, command.caller
    return await command.run(
        lambda work: handlers.confirm_opening(
            work, programme, opening_id, by=by, packs=packs, expected_version=expected
        ),
        present=OpeningView.of,
    )


@router.get("/{opening_id}", response_model=OpeningView, responses=problems(404))
async def get_opening(programme: str, opening_id: UUID, query: Read) -> Response:
    """Read one opening."""
    reader = _reader(query)
    return await query.run(
        lambda work: handlers.get(work, programme, opening_id, reader=reader),
        present=OpeningView.of,
    )


@router.get("", response_model=OpeningPage, responses=problems(404))
async def list_openings(
    programme: str, query: Read, after: paging.After = None, limit: paging.Limit = 50
) -> Response:
    """List a programme's openings, oldest first; a bank sees the programme's and its own."""
    start, reader = paging.decode_id(after), _reader(query)
    return await query.run(
        lambda work: handlers.page(work, programme, reader=reader, after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=OpeningView.of,
            cursor=lambda stored: paging.encode_cursor(str(stored.opening.id)),
        ),
    )
