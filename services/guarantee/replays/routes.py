"""REST of the replays."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.guarantee.replays import handlers
from services.guarantee.replays.schemas import AskReplay, ReplayRowPage, ReplayRowView, ReplayView
from services.guarantee.rulebook.routes import ANYONES, Number
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(prefix="/v1", tags=["rule packs 规则包"])

Write = Annotated[Command, commands.command("guarantee.rule-packs:write")]
Read = Annotated[commands.Query, commands.query("guarantee.rule-packs:read")]


def _reader(query: commands.Query) -> str | None:
    return None if ANYONES in query.caller.scopes else query.caller.org


@router.post(
    "/rule-packs/{pack_id}/versions/{number}/replays",
    status_code=202,
    response_model=ReplayView,
    responses=problems(400, 404, 409),
)
async def ask(pack_id: str, number: Number, body: AskReplay, command: Write) -> Response:
    """Ask what a year of the fund's programme would have cost under a version (回放)."""
    by, asked = command.caller, body.model_dump()
    return await command.run(
        lambda work: handlers.ask(work, pack_id, number, by=by, **asked),
        present=ReplayView.of,
        status=202,
        location=lambda stored: f"/v1/replays/{stored.replay.id}",
    )


@router.get("/replays/{replay_id}", response_model=ReplayView, responses=problems(404))
async def get_replay(replay_id: UUID, query: Read) -> Response:
    """Read how far a replay is, and its sums so far."""
    return await query.run(
        lambda work: handlers.get(work, replay_id, reader=_reader(query)), present=ReplayView.of
    )


@router.get("/replays/{replay_id}/rows", response_model=ReplayRowPage, responses=problems(404))
async def list_rows(
    replay_id: UUID, query: Read, after: paging.After = None, limit: paging.Limit = 50
) -> Response:
    """List a replay's losses one by one, in the order in which they were decided on."""
    start = 0 if after is None else paging.decode_cursor(after, int)[0]
    reader = _reader(query)
    return await query.run(
        lambda work: handlers.rows(work, replay_id, reader=reader, after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=ReplayRowView.of,
            cursor=lambda row: paging.encode_cursor(row.place),
        ),
    )
