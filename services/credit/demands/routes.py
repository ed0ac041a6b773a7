"""REST of the demands."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.credit.demands import handlers, store
from services.credit.demands.schemas import DemandPage, DemandView, MakeOffer, SubmitDemand
from services.credit.demands.store import Stored
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(prefix="/v1/demands", tags=["demands 融资需求"])

ANYONES = "credit.demands:read-all"
"""The platform that acts for enterprises carries this scope: it sees every demand and offer."""

Write = Annotated[Command, commands.command("credit.demands:write")]
Offer = Annotated[Command, commands.command("credit.offers:write")]
Read = Annotated[commands.Query, commands.query("credit.demands:read")]


def _reader(query: commands.Query) -> str | None:
    return None if ANYONES in query.caller.scopes else query.caller.org


def _view(query: commands.Query, stored: Stored) -> DemandView:
    reader = _reader(query)
    return DemandView.of(stored) if reader is None else DemandView.for_bank(stored, reader)


@router.post("", status_code=201, response_model=DemandView, responses=problems(400, 409))
async def submit_demand(body: SubmitDemand, command: Write) -> Response:
    """Submit a demand for an enterprise."""
    return await command.run(
        lambda work: handlers.submit_demand(work, body),
        present=DemandView.of,
        status=201,
        location=lambda stored: f"/v1/demands/{stored.demand.id}",
    )


@router.post(
    "/{demand_id}/offers",
    status_code=201,
    response_model=DemandView,
    responses=problems(400, 403, 404, 409),
)
async def make_offer(demand_id: UUID, body: MakeOffer, command: Offer) -> Response:
    """Offer terms as a bank whom the enterprise lets assess its credit."""
    bank = command.caller.org
    return await command.run(
        lambda work: handlers.make_offer(work, demand_id, body, bank=bank),
        present=lambda stored: DemandView.for_bank(stored, bank),
        status=201,
    )


@router.post(
    "/{demand_id}/offers/{offer_id}/accept",
    response_model=DemandView,
    responses=problems(400, 404, 409, 412, 428),
)
async def accept_offer(demand_id: UUID, offer_id: UUID, command: Write) -> Response:
    """Accept one offer for the enterprise; the others lapse."""
    expected = command.if_match
    return await command.run(
        lambda work: handlers.accept_offer(work, demand_id, offer_id, expected_version=expected),
        present=DemandView.of,
    )


@router.get("/{demand_id}", response_model=DemandView, responses=problems(404))
async def get_demand(demand_id: UUID, query: Read) -> Response:
    """Read a demand; a bank sees of the offers only its own."""
    return await query.run(
        lambda work: store.get(work, demand_id, reader=_reader(query)),
        present=lambda stored: _view(query, stored),
    )


@router.get("", response_model=DemandPage, responses=problems())
async def list_demands(
    query: Read, after: paging.After = None, limit: paging.Limit = 50
) -> Response:
    """List demands, oldest first: a bank's are those of enterprises that consented."""
    start = paging.decode_id(after)
    return await query.run(
        lambda work: store.page(
            work, reader=_reader(query), after=start, limit=limit, on=work.today
        ),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=lambda stored: _view(query, stored),
            cursor=lambda stored: paging.encode_cursor(str(stored.demand.id)),
        ),
    )
