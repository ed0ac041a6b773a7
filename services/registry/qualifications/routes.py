"""REST of the qualifications."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.qualifications import handlers, store
from services.registry.qualifications.schemas import (
    AmendQualification,
    GrantQualification,
    QualificationsView,
    QualificationView,
    RevokeQualification,
)
from shared.web import commands
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(tags=["qualifications 资格"])

ANYONES = "registry.qualifications:read-all"
"""With this scope a caller reads every qualification; without it those that it granted."""

Write = Annotated[Command, commands.command("registry.qualifications:write")]
Read = Annotated[commands.Query, commands.query("registry.qualifications:read")]


def _reader(query: commands.Query) -> str | None:
    return None if ANYONES in query.caller.scopes else query.caller.org


@router.post(
    "/v1/qualifications",
    status_code=201,
    response_model=QualificationView,
    responses=problems(400, 404, 409),
)
async def grant_qualification(body: GrantQualification, command: Write) -> Response:
    """Grant a qualification."""
    return await command.run(
        lambda work: handlers.grant(work, body, by=command.caller.org),
        present=QualificationView.of,
        status=201,
        location=lambda stored: f"/v1/qualifications/{stored.qualification.id}",
    )


@router.post(
    "/v1/qualifications/{qualification_id}/amend",
    response_model=QualificationView,
    responses=problems(400, 403, 404, 409, 412, 428),
)
async def amend_qualification(
    qualification_id: UUID, body: AmendQualification, command: Write
) -> Response:
    """Correct a qualification; earlier recipients are told."""
    expected, by = command.if_match, command.caller.org
    return await command.run(
        lambda work: handlers.amend(work, qualification_id, body, by=by, expected_version=expected),
        present=QualificationView.of,
    )


@router.post(
    "/v1/qualifications/{qualification_id}/revoke",
    response_model=QualificationView,
    responses=problems(400, 403, 404, 409, 412, 428),
)
async def revoke_qualification(
    qualification_id: UUID, body: RevokeQualification, command: Write
) -> Response:
    """Withdraw a qualification from today on."""
    expected, by = command.if_match, command.caller.org
    return await command.run(
        lambda work: handlers.revoke(
            work, qualification_id, reason=body.reason, by=by, expected_version=expected
        ),
        present=QualificationView.of,
    )


@router.get(
    "/v1/qualifications/{qualification_id}",
    response_model=QualificationView,
    responses=problems(404),
)
async def get_qualification(qualification_id: UUID, query: Read) -> Response:
    """Read one qualification that the caller's organisation granted."""
    reader = _reader(query)
    return await query.run(
        lambda work: store.show(work, qualification_id, reader=reader),
        present=QualificationView.of,
    )


@router.get(
    "/v1/enterprises/{code}/qualifications",
    response_model=QualificationsView,
    responses=problems(404),
)
async def list_qualifications(code: str, query: Read) -> Response:
    """Read what the caller's organisation granted an enterprise."""
    reader = _reader(query)
    return await query.run(
        lambda work: store.show_all(work, code, reader=reader), present=QualificationsView.of
    )
