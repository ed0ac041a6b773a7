"""REST of the pilot qualifications."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.insurance.qualifications import handlers, store
from services.insurance.qualifications.schemas import ConfirmQualification, QualificationView
from shared.web import commands
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(prefix="/v1/qualifications", tags=["qualifications 资格审定"])

Write = Annotated[Command, commands.command("insurance.qualifications:write")]
Read = Annotated[commands.Query, commands.query("insurance.qualifications:read")]


@router.post("", status_code=201, response_model=QualificationView, responses=problems(400, 409))
async def confirm_qualification(body: ConfirmQualification, command: Write) -> Response:
    """Recognise a product as a pilot (资格审定)."""
    return await command.run(
        lambda work: handlers.confirm(work, body, by=command.caller.org),
        present=QualificationView.of,
        status=201,
        location=lambda stored: f"/v1/qualifications/{stored.qualification.id}",
    )


@router.get("/{qualification_id}", response_model=QualificationView, responses=problems(404))
async def get_qualification(qualification_id: UUID, query: Read) -> Response:
    """Read one qualification."""
    return await query.run(
        lambda work: store.get(work, qualification_id), present=QualificationView.of
    )
