"""REST of the premium subsidies."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.insurance.subsidies import handlers
from services.insurance.subsidies.schemas import FileSubsidy, PaySubsidy, SubsidyView
from shared.web import commands
from shared.web.commands import Command
from shared.web.problem import problems
from shared.web.rule_packs import Packs

router = APIRouter(prefix="/v1/subsidies", tags=["subsidies 保费补贴"])

ANYONES = frozenset(
    {"insurance.subsidies:read-all", "insurance.subsidies:approve", "insurance.subsidies:pay"}
)
"""Who decides or pays an application must see it; an insurer sees those of its own policies."""

Write = Annotated[Command, commands.command("insurance.subsidies:write")]
Approve = Annotated[Command, commands.command("insurance.subsidies:approve")]
Pay = Annotated[Command, commands.command("insurance.subsidies:pay")]
Read = Annotated[commands.Query, commands.query("insurance.subsidies:read")]
CHANGES = problems(400, 404, 409, 412, 428)


@router.post("", status_code=201, response_model=SubsidyView, responses=problems(400, 404, 409))
async def file_subsidy(body: FileSubsidy, packs: Packs, command: Write) -> Response:
    """File for the subsidy of a paid premium."""
    return await command.run(
        lambda work: handlers.file(work, body, packs, filed_by=command.caller.sub),
        present=SubsidyView.of,
        status=201,
        location=lambda stored: f"/v1/subsidies/{stored.subsidy.id}",
    )


@router.post("/{subsidy_id}/decision", response_model=SubsidyView, responses=CHANGES)
async def decide_subsidy(subsidy_id: UUID, packs: Packs, command: Approve) -> Response:
    """Decide an application by its rule pack; who filed it may not."""
    expected, by = command.if_match, command.caller.sub
    return await command.run(
        lambda work: handlers.decide(work, subsidy_id, packs, by=by, expected_version=expected),
        present=SubsidyView.of,
    )


@router.post("/{subsidy_id}/payment", response_model=SubsidyView, responses=CHANGES)
async def pay_subsidy(subsidy_id: UUID, body: PaySubsidy, command: Pay) -> Response:
    """Record that the subsidy was paid out."""
    expected = command.if_match
    return await command.run(
        lambda work: handlers.pay(work, subsidy_id, body, expected_version=expected),
        present=SubsidyView.of,
    )


@router.get("/{subsidy_id}", response_model=SubsidyView, responses=problems(404))
async def get_subsidy(subsidy_id: UUID, query: Read) -> Response:
    """Read an application of a policy that the caller shares, or decides on."""
    reader = None if ANYONES & query.caller.scopes else query.caller.org
    return await query.run(
        lambda work: handlers.get(work, subsidy_id, reader=reader), present=SubsidyView.of
    )
