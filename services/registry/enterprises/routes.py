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
from shared.web.auth import Authenticated, Caller
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(tags=["enterprises 企业"])

ANYONES = "registry.enterprises:read-all"
"""With this scope a caller reads every enterprise's figures; without it those that it recorded."""

Write = Annotated[Command, commands.command("registry.enterprises:write")]
Read = Annotated[commands.Query, commands.query("registry.enterprises:read")]


def _reader(caller: Caller) -> str | None:
    return None if ANYONES in caller.scopes else caller.org


@router.post(
    "/v1/enterprises", status_code=201, response_model=EnterpriseView, responses=problems(400)
)
async def register_enterprise(body: RegisterEnterprise, command: Write) -> Response:
    """Register an enterprise; who registered it corrects its entry."""
    reader, enterprise = _reader(command.caller), body.enterprise(command.caller.org)
    return await command.run(
        lambda work: handlers.register(work, enterprise),
        present=lambda stored: EnterpriseView.of(stored, reader=reader),
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
    expected, profile = command.if_match, body.profile(command.caller.org)
    reader = _reader(command.caller)
    return await command.run(
        lambda work: handlers.record_profile(work, code, profile, expected_version=expected),
        present=lambda stored: EnterpriseView.of(stored, reader=reader),
    )


@router.get("/v1/enterprises/{code}", response_model=EnterpriseView, responses=problems(404))
async def get_enterprise(code: str, query: Read) -> Response:
    """Read an enterprise; its figures are shown only to the department that recorded them."""
    reader = _reader(query.caller)
    return await query.run(
        lambda work: store.get(work, code),
        present=lambda stored: EnterpriseView.of(stored, reader=reader),
    )


@router.post("/v1/usccs/check", response_model=UsccAnswer, responses=problems())
async def check_uscc(body: CheckUscc, _caller: Authenticated) -> UsccAnswer:
    """Check a unified social credit code (GB 32100, GB 11714); nothing is stored."""
    return UsccAnswer.of(uscc.check(body.uscc))
