"""REST of the disclosure log."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.notify.disclosures import store
from services.notify.disclosures.schemas import DisclosurePage, DisclosureView
from shared.errors import NotFound
from shared.web import commands, paging
from shared.web.problem import problems

router = APIRouter(prefix="/v1/disclosures", tags=["disclosures 披露日志"])

ANYONES = "notify.disclosures:read-all"
"""With this scope a caller reads the whole log; without it what its own organisation was shown."""

Read = Annotated[commands.Query, commands.query("notify.disclosures:read")]
Filter = Annotated[str | None, Query(max_length=64)]


def _subscriber(query: commands.Query, wanted: str | None) -> str | None:
    if ANYONES in query.caller.scopes:
        return wanted
    if wanted not in {None, query.caller.org}:
        raise NotFound(f"no disclosures to {wanted}")
    return query.caller.org


@router.get("", response_model=DisclosurePage, responses=problems(404))
async def list_disclosures(
    query: Read,
    uscc: Filter = None,
    subscriber: Filter = None,
    after: paging.After = None,
    limit: paging.Limit = 50,
) -> Response:
    """List what was disclosed: of one enterprise, to one subscriber, or everything one may see."""
    org = _subscriber(query, subscriber)
    start = None if after is None else _place(after)
    return await query.run(
        lambda work: store.page(work, subscriber=org, uscc=uscc, after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=DisclosureView.of,
            cursor=lambda row: paging.encode_cursor(str(row.read_id), row.position),
        ),
    )


def _place(cursor: str) -> tuple[UUID, int]:
    read_id, position = paging.decode_cursor(cursor, UUID, int)
    return read_id, position
