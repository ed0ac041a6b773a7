"""REST of the policies."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.insurance.policies import handlers, store
from services.insurance.policies.schemas import BindPolicy, PayPremium, PolicyView
from shared.web import commands
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(prefix="/v1/policies", tags=["policies 保单"])

ANYONES = "insurance.policies:read-all"

Write = Annotated[Command, commands.command("insurance.policies:write")]
Read = Annotated[commands.Query, commands.query("insurance.policies:read")]


@router.post("", status_code=201, response_model=PolicyView, responses=problems(400, 404, 409))
async def bind_policy(body: BindPolicy, command: Write) -> Response:
    """Bind a policy as lead insurer, with co-insurers (共保)."""
    return await command.run(
        lambda work: handlers.bind(work, body, by=command.caller.org),
        present=PolicyView.of,
        status=201,
        location=lambda stored: f"/v1/policies/{stored.policy.id}",
    )


@router.post(
    "/{policy_id}/premium-payments",
    response_model=PolicyView,
    responses=problems(400, 404, 409, 412, 428),
)
async def pay_premium(policy_id: UUID, body: PayPremium, command: Write) -> Response:
    """Record that the insured paid the premium."""
    expected, by = command.if_match, command.caller.org
    return await command.run(
        lambda work: handlers.pay_premium(work, policy_id, body, by=by, expected_version=expected),
        present=PolicyView.of,
    )


@router.get("/{policy_id}", response_model=PolicyView, responses=problems(404))
async def get_policy(policy_id: UUID, query: Read) -> Response:
    """Read a policy that the caller shares."""
    reader = None if ANYONES in query.caller.scopes else query.caller.org
    return await query.run(
        lambda work: store.get(work, policy_id, reader=reader), present=PolicyView.of
    )
