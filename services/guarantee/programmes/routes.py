"""REST of the programmes."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.guarantee.breakers import handlers as breakers
from services.guarantee.programmes import handlers
from services.guarantee.programmes.rules import WHOLE_PROGRAMME
from services.guarantee.programmes.schemas import (
    CountersView,
    FileProgramme,
    OpenYear,
    ProgrammePage,
    ProgrammeView,
)
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.problem import problems
from shared.web.rule_packs import Packs

router = APIRouter(prefix="/v1/programmes", tags=["programmes 方案"])

OVERSEERS = frozenset(
    {
        "guarantee.programmes:write",
        "guarantee.programmes:approve",
        "guarantee.guarantees:read-all",
        "guarantee.fund:read-all",
    }
)
"""With any of these a caller sees every bank's counters."""

Write = Annotated[Command, commands.command("guarantee.programmes:write")]
Approve = Annotated[Command, commands.command("guarantee.programmes:approve")]
Read = Annotated[commands.Query, commands.query("guarantee.programmes:read")]


@router.post("", status_code=201, response_model=ProgrammeView, responses=problems(400, 404, 409))
async def file_programme(body: FileProgramme, command: Write, packs: Packs) -> Response:
    """File a programme as a draft; another person activates it."""
    pack = body.pack(packs)
    draft = body.draft(pack, by=command.caller.sub)
    return await command.run(
        lambda work: handlers.file_programme(work, draft, pack=pack),
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
    """Activate a draft that another person filed."""
    expected, by = command.if_match, command.caller.sub
    return await command.run(
        lambda work: handlers.activate(
            work, programme, packs=packs, by=by, expected_version=expected
        ),
        present=ProgrammeView.of,
    )


@router.post(
    "/{programme}/openings",
    status_code=201,
    response_model=CountersView,
    responses=problems(400, 404, 409),
)
async def open_year(programme: str, body: OpenYear, command: Write, packs: Packs) -> Response:
    """State a prior year-end balance, once per year: the base of caps and breakers."""
    bank = body.bank or WHOLE_PROGRAMME
    balance = body.prior_year_end_balance_fen
    return await command.run(
        lambda work: breakers.open_year(
            work, programme, year=body.year, bank=bank, balance_fen=balance, packs=packs
        ),
        present=CountersView.of,
        status=201,
    )


@router.get("/{programme}", response_model=ProgrammeView, responses=problems(404))
async def get_programme(programme: str, query: Read) -> Response:
    """Read a programme with its counters."""
    org, sees_all = query.caller.org, bool(OVERSEERS & query.caller.scopes)
    return await query.run(
        lambda work: handlers.show(work, programme, org=org, sees_all=sees_all),
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
