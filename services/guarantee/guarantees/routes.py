"""REST of the guarantees: read only, they begin and move by events and claims."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.guarantee.guarantees import store
from services.guarantee.guarantees.schemas import GuaranteePage, GuaranteeView
from shared.web import commands, paging
from shared.web.problem import problems

router = APIRouter(prefix="/v1/guarantees", tags=["guarantees 担保"])

ANYONES = "guarantee.guarantees:read-all"
"""With this scope a caller reads every guarantee; without it those that it is a party to."""

Read = Annotated[commands.Query, commands.query("guarantee.guarantees:read")]


def _reader(query: commands.Query) -> str | None:
    return None if ANYONES in query.caller.scopes else query.caller.org


@router.get("/{guarantee_id}", response_model=GuaranteeView, responses=problems(404))
async def get_guarantee(guarantee_id: UUID, query: Read) -> Response:
    """Read a guarantee: its letter's terms, or why it was declined."""
    reader = _reader(query)
    return await query.run(
        lambda work: store.get(work, guarantee_id, reader=reader),
        present=GuaranteeView.for_reader(reader),
    )


@router.get("", response_model=GuaranteePage, responses=problems())
async def list_guarantees(
    query: Read,
    loan_id: Annotated[UUID | None, Query(description="those of one loan")] = None,
    after: paging.After = None,
    limit: paging.Limit = 50,
) -> Response:
    """List guarantees, oldest first."""
    reader, start = _reader(query), paging.decode_id(after)
    return await query.run(
        lambda work: store.page(work, reader=reader, loan_id=loan_id, after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=GuaranteeView.for_reader(reader),
            cursor=lambda stored: paging.encode_cursor(str(stored.guarantee.id)),
        ),
    )
