"""REST of the cases: for whoever answers for the platform, not for its parties."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.notify.cases import handlers
from services.notify.cases.schemas import TimelineView
from shared.web import commands
from shared.web.problem import problems

router = APIRouter(prefix="/v1/cases", tags=["cases 业务全程"])

Read = Annotated[commands.Query, commands.query("notify.cases:read")]


@router.get("/{case_id}/timeline", response_model=TimelineView, responses=problems(404))
async def get_timeline(case_id: UUID, query: Read) -> Response:
    """Show what happened to a case in every service, from any id of it (业务时间线).

    A demand, loan, guarantee, claim, recovery, policy or subsidy: each leads to the same case.
    """
    return await query.run(
        lambda work: handlers.timeline(work, str(case_id)), present=TimelineView.of
    )
