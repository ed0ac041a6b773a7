"""REST of the recoveries, below their claim."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.guarantee.recoveries import handlers
from services.guarantee.recoveries.schemas import (
    RecordedView,
    RecordRecovery,
    RecoveryPage,
    RecoveryView,
)
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(prefix="/v1/claims/{claim_id}/recoveries", tags=["recoveries 追偿"])

ANYONES = "guarantee.claims:read-all"

Write = Annotated[Command, commands.command("guarantee.recoveries:write")]
Read = Annotated[commands.Query, commands.query("guarantee.claims:read")]


@router.post(
    "",
    status_code=201,
    response_model=RecordedView,
    responses=problems(400, 404, 409, 412, 428),
)
async def record_recovery(claim_id: UUID, body: RecordRecovery, command: Write) -> Response:
    """Share cash that came back (追偿分配): costs first, then by borne loss."""
    expected, receipt = command.if_match, body.receipt()
    return await command.run(
        lambda work: handlers.record_recovery(
            work, claim_id, receipt, by=command.caller, expected_version=expected
        ),
        present=RecordedView.of_recorded,
        status=201,
    )


@router.get("", response_model=RecoveryPage, responses=problems(404))
async def list_recoveries(
    claim_id: UUID, query: Read, after: paging.After = None, limit: paging.Limit = 50
) -> Response:
    """List what came back for a claim, oldest first."""
    start = paging.decode_id(after)
    reader = None if ANYONES in query.caller.scopes else query.caller.org
    return await query.run(
        lambda work: handlers.page(work, claim_id, reader=reader, after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=RecoveryView.of,
            cursor=lambda recovery: paging.encode_cursor(str(recovery.id)),
        ),
    )
