"""REST of the funds."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.guarantee.fund import handlers, store
from services.guarantee.fund.schemas import (
    FundPage,
    FundView,
    OpenFund,
    PayIn,
    PostingPage,
    PostingView,
    Reverse,
)
from services.guarantee.fund.store import Span
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(prefix="/v1/funds", tags=["funds 信保基金"])

ANYONES = "guarantee.fund:read-all"
"""With this scope a caller reads every fund; without it its organisation's own."""

Write = Annotated[Command, commands.command("guarantee.fund:write")]
Read = Annotated[commands.Query, commands.query("guarantee.fund:read")]


def _reader(query: commands.Query) -> str | None:
    return None if ANYONES in query.caller.scopes else query.caller.org


@router.post("", status_code=201, response_model=FundView, responses=problems(400, 409))
async def open_fund(body: OpenFund, command: Write) -> Response:
    """Open the caller's own fund, empty."""
    org = command.caller.org
    return await command.run(
        lambda work: handlers.open_fund(work, code=body.fund, leverage=body.leverage, by=org),
        present=FundView.of,
        status=201,
        location=lambda stored: f"/v1/funds/{stored.fund.code}",
    )


@router.post("/{fund}/capital", response_model=FundView, responses=problems(400, 404, 409))
async def pay_in(fund: str, body: PayIn, command: Write) -> Response:
    """Book capital paid into the fund: a posting of its own, so no If-Match is asked."""
    reader = command.caller.org
    return await command.run(
        lambda work: handlers.pay_in(
            work, fund, amount_fen=body.amount_fen, contributor=body.contributor, reader=reader
        ),
        present=FundView.of,
    )


@router.post(
    "/{fund}/postings/{posting_id}/reverse",
    response_model=FundView,
    responses=problems(400, 404, 409),
)
async def reverse(fund: str, posting_id: UUID, body: Reverse, command: Write) -> Response:
    """Correct a wrong payment of capital by a reversing posting (冲正); nothing is edited."""
    reader = command.caller.org
    return await command.run(
        lambda work: handlers.reverse(work, fund, posting_id, reason=body.reason, reader=reader),
        present=FundView.of,
    )


@router.get("/{fund}", response_model=FundView, responses=problems(404))
async def get_fund(fund: str, query: Read) -> Response:
    """Read a fund's balances and its ledger's sums by account."""
    return await query.run(
        lambda work: handlers.show(work, fund, reader=_reader(query)), present=FundView.with_ledger
    )


@router.get("", response_model=FundPage, responses=problems())
async def list_funds(query: Read, after: paging.After = None, limit: paging.Limit = 50) -> Response:
    """List funds in order of their codes, without their ledgers."""
    start = None if after is None else paging.decode_cursor(after, str)[0]
    return await query.run(
        lambda work: store.page(work, reader=_reader(query), after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=FundView.of,
            cursor=lambda stored: paging.encode_cursor(stored.fund.code),
        ),
    )


@router.get("/{fund}/entries", response_model=PostingPage, responses=problems(404))
async def list_entries(
    fund: str,
    query: Read,
    cause_id: Annotated[UUID | None, Query(description="guarantee, claim or recovery")] = None,
    after: paging.After = None,
    limit: paging.Limit = 50,
) -> Response:
    """List a fund's postings with their entries, in the order of booking."""
    start = None if after is None else paging.decode_cursor(after, int)[0]
    span = Span(cause_id=cause_id, after=start, limit=limit)
    return await query.run(
        lambda work: handlers.postings(work, fund, span, reader=_reader(query)),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=PostingView.of,
            cursor=lambda booked: paging.encode_cursor(booked.position),
        ),
    )
