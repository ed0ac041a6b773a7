"""REST of the enterprises."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.registry.enterprises import handlers, store
from services.registry.enterprises.schemas import (
    CheckUscc,
    EnterpriseView,
    RecordProfile,
    RegisterEnterprise,
    UsccAnswer,
)
from shared import uscc
from shared.web import commands
from shared.web.auth import Authenticated
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(tags=["enterprises 企业"])

Write = Annotated[Command, commands.command("registry.enterprises:write")]
Read = Annotated[commands.Query, commands.query("registry.enterprises:read")]


@router.post(
    "/v1/enterprises", status_code=201, response_model=EnterpriseView, responses=problems(400)
)
async def register_enterprise(body: RegisterEnterprise, command: Write) -> Response:
    """Register an enterprise or correct its entry."""
    return await command.run(
        lambda work: handlers.register(work, body.enterprise()),
        present=EnterpriseView.of,
        status=201,
        location=lambda stored: f"/v1/enterprises/{stored.enterprise.uscc}",
    )


@router.post(
    "/v1/enterprises/{code}/profile",
    response_model=EnterpriseView,
    responses=problems(400, 404, 412, 428),
)
async def record_profile(code: str, body: RecordProfile, command: Write) -> Response:
    """Record figures about an enterprise: staff, sales, tax grade."""
    expected, by = command.if_match, command.caller.org
    return await command.run(
        lambda work: handlers.record_profile(
            work, code, body.profile(), by=by, expected_version=expected
        ),
        present=EnterpriseView.of,
    )


@router.get("/v1/enterprises/{code}", response_model=EnterpriseView, responses=problems(404))
async def get_enterprise(code: str, query: Read) -> Response:
    """Read an enterprise: departments any, others under a consent in force."""
    return await query.run(
        lambda work: store.get(work, code, reader=query.caller.org, on=work.today),
        present=EnterpriseView.of,
    )


@router.post("/v1/usccs/check", response_model=UsccAnswer, responses=problems())
async def check_uscc(body: CheckUscc, _caller: Authenticated) -> UsccAnswer:
    """Check a unified social credit code (GB 32100, GB 11714); nothing is stored."""
    return UsccAnswer.of(uscc.check(body.uscc))
