"""REST of the programmes."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.guarantee.programmes import handlers
from services.guarantee.programmes.schemas import FileProgramme, ProgrammePage, ProgrammeView
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.problem import problems
from shared.web.rule_packs import Packs

router = APIRouter(prefix="/v1/programmes", tags=["programmes 方案"])

OVERSEERS = frozenset({"guarantee.guarantees:read-all", "guarantee.fund:read-all"})
"""With any of these a caller sees every bank's counters; without one its own programmes'."""

Write = Annotated[Command, commands.command("guarantee.programmes:write")]
Approve = Annotated[Command, commands.command("guarantee.programmes:approve")]
Read = Annotated[commands.Query, commands.query("guarantee.programmes:read")]


@router.post("", status_code=201, response_model=ProgrammeView, responses=problems(400, 404, 409))
async def file_programme(body: FileProgramme, command: Write, packs: Packs) -> Response:
    """File a programme of the caller's own fund as a draft; another person activates it."""
    pack, org = body.pack(packs), command.caller.org
    draft = body.draft(pack, by=command.caller.sub)
    return await command.run(
        lambda work: handlers.file_programme(work, draft, pack=pack, org=org),
        present=ProgrammeView.of,
        status=201,
        location=lambda shown: f"/v1/programmes/{shown.stored.programme.code}",
    )


@router.post(
    "/{programme}/activate",
    response_model=ProgrammeView,
    responses=problems(400, 404, 409, 412, 428),
)
async def activate(programme: str, command: Approve, packs: Packs) -> Response:
    """Activate a draft that another person of the fund filed."""
    expected, by = command.if_match, command.caller
    return await command.run(
        lambda work: handlers.activate(
            work, programme, packs=packs, by=by, expected_version=expected
        ),
        present=ProgrammeView.of,
    )


@router.get("/{programme}", response_model=ProgrammeView, responses=problems(404))
async def get_programme(programme: str, query: Read) -> Response:
    """Read a programme with its counters."""
    reader = None if OVERSEERS & query.caller.scopes else query.caller.org
    return await query.run(
        lambda work: handlers.show(work, programme, reader=reader),
        present=ProgrammeView.of,
    )


@router.get("", response_model=ProgrammePage, responses=problems())
async def list_programmes(
    query: Read, after: paging.After = None, limit: paging.Limit = 50
) -> Response:
    """List programmes in order of their codes, without their counters."""
    start = None if after is None else paging.decode_cursor(after, str)[0]
    return await query.run(
        lambda work: handlers.page(work, after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=ProgrammeView.of,
            cursor=lambda shown: paging.encode_cursor(shown.stored.programme.code),
        ),
    )
