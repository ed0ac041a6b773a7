"""REST of the funds."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from services.guarantee.fund import handlers, store
from services.guarantee.fund.schemas import (
    BalancesView,
    FundPage,
    FundView,
    OpenFund,
    PostingPage,
    PostingView,
)
from services.guarantee.fund.store import AsOf, Span
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.fields import Day
from shared.web.problem import problems

router = APIRouter(prefix="/v1/funds", tags=["funds 信保基金"])

ANYONES = "guarantee.fund:read-all"
"""With this scope a caller reads every fund; without it its organisation's own."""

Write = Annotated[Command, commands.command("guarantee.fund:write")]
Read = Annotated[commands.Query, commands.query("guarantee.fund:read")]


def reader_of(query: commands.Query) -> str | None:
    """Return whose fund a caller is limited to, or None for one that reads every fund."""
    return None if ANYONES in query.caller.scopes else query.caller.org


def _as_of(
    booked_on: Annotated[Day | None, Query(description="booked by this day (记账日)")] = None,
    valued_on: Annotated[Day | None, Query(description="moved by this day (起息日)")] = None,
    known_at: Annotated[
        AwareDatetime | None, Query(description="recorded by this moment, with its zone")
    ] = None,
    position: Annotated[
        int | None, Query(ge=0, le=2**63 - 1, description="up to this place in the ledger")
    ] = None,
) -> AsOf:
    return AsOf(booked_on=booked_on, valued_on=valued_on, known_at=known_at, position=position)


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


@router.get("/{fund}", response_model=FundView, responses=problems(404))
async def get_fund(fund: str, query: Read) -> Response:
    """Read a fund's balances and its ledger's sums by account."""
    return await query.run(
        lambda work: handlers.show(work, fund, reader=reader_of(query)),
        present=FundView.with_ledger,
    )


@router.get("", response_model=FundPage, responses=problems())
async def list_funds(query: Read, after: paging.After = None, limit: paging.Limit = 50) -> Response:
    """List funds in order of their codes, without their ledgers."""
    start = None if after is None else paging.decode_cursor(after, str)[0]
    return await query.run(
        lambda work: store.page(work, reader=reader_of(query), after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=FundView.of,
            cursor=lambda stored: paging.encode_cursor(stored.fund.code),
        ),
    )


@router.get("/{fund}/balances", response_model=BalancesView, responses=problems(404))
async def get_balances(fund: str, query: Read, asked: Annotated[AsOf, Depends(_as_of)]) -> Response:
    """Add up a fund's ledger as of a booking date, a value date, a moment or a position."""
    return await query.run(
        lambda work: handlers.balances(work, fund, asked, reader=reader_of(query)),
        present=BalancesView.of,
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
        lambda work: handlers.postings(work, fund, span, reader=reader_of(query)),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=PostingView.of,
            cursor=lambda booked: paging.encode_cursor(booked.position),
        ),
    )
