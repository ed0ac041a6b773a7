"""REST of the breakers."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.guarantee.breakers import handlers
from services.guarantee.breakers.schemas import BreakerPage, BreakerView, RestoreBreaker
from services.guarantee.breakers.store import Stored
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.problem import problems
from shared.web.rule_packs import Packs

router = APIRouter(prefix="/v1/breakers", tags=["breakers 熔断"])

ANYONES = "guarantee.guarantees:read-all"
"""With this scope a caller sees every breaker; without it a bank its own, a party its
programmes'."""

Restore = Annotated[Command, commands.command("guarantee.breakers:restore")]
Read = Annotated[commands.Query, commands.query("guarantee.breakers:read")]


def _reader(query: commands.Query) -> str | None:
    return None if ANYONES in query.caller.scopes else query.caller.org


def _cursor(stored: Stored) -> str:
    return paging.encode_cursor(stored.breaker.programme, stored.breaker.bank)


@router.post(
    "/{programme}/{bank}/restore",
    response_model=BreakerView,
    responses=problems(400, 404, 409, 412, 428),
)
async def restore(
    programme: str, bank: str, body: RestoreBreaker, command: Restore, packs: Packs
) -> Response:
    """Let a suspended bank enrol again (恢复), once its ratio is below the threshold."""
    expected, org, reason = command.if_match, command.caller.org, body.reason
    return await command.run(
        lambda work: handlers.restore(
            work, programme, bank, org=org, reason=reason, packs=packs, expected_version=expected
        ),
        present=BreakerView.of,
    )


@router.get("/{programme}/{bank}", response_model=BreakerView, responses=problems(404))
async def get_breaker(programme: str, bank: str, query: Read) -> Response:
    """Read the breaker of one bank in one programme."""
    return await query.run(
        lambda work: handlers.get(work, programme, bank, reader=_reader(query)),
        present=BreakerView.of,
    )


@router.get("", response_model=BreakerPage, responses=problems())
async def list_breakers(
    query: Read,
    programme: Annotated[str | None, Query(max_length=64)] = None,
    after: paging.After = None,
    limit: paging.Limit = 50,
) -> Response:
    """List breakers by programme and bank."""
    start = None if after is None else paging.decode_cursor(after, str, str)
    position = None if start is None else (start[0], start[1])
    return await query.run(
        lambda work: handlers.page(
            work, reader=_reader(query), programme=programme, after=position, limit=limit
        ),
        present=lambda rows: paging.page_of(rows, limit=limit, view=BreakerView.of, cursor=_cursor),
    )
