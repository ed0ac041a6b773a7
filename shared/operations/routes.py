"""REST of a service's own operation, for those whose scopes allow it; the same in every service."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from shared.messaging import parking, process, requests
from shared.operations import redrive, schemas
from shared.operations.asking import ask_rebuild, ask_redrive, resume
from shared.operations.backlog import backlog
from shared.operations.operator import Operator
from shared.operations.schemas import BacklogView, OperationView, RedrivePreviewView
from shared.web import commands, paging
from shared.web.auth import Caller
from shared.web.commands import Command
from shared.web.problem import problems

Topic = Annotated[str | None, Query(max_length=249)]
Fingerprint = Annotated[str | None, Query(max_length=64)]
Late = Annotated[bool | None, Query(description="only those past their deadline")]
Kind = Annotated[str, Path(max_length=64, examples=["guaranteed_loan"])]
ProcessId = Annotated[str, Path(max_length=200, examples=["01890a5d-ac96-774b-bcce-b302099a8057"])]


def _operator(request: Request) -> Operator:
    found: Operator = request.app.state.operator
    return found


Operating = Annotated[Operator, Depends(_operator)]
Read = Annotated[commands.Query, commands.query("{service}.operations:read")]
Ask = Annotated[Command, commands.command("{service}.operations:write")]
Approve = Annotated[Command, commands.command("{service}.operations:approve")]


def _who(caller: Caller) -> str:
    """Name the person for the record: two of one organisation are two."""
    return f"{caller.org}/{caller.sub}"


router = APIRouter(prefix="/v1/operations", tags=["operations 运维"])


@router.get("/parked", response_model=schemas.HeldKeyPage, responses=problems())
async def list_parked(
    query: Read,
    operator: Operating,
    topic: Topic = None,
    fingerprint: Fingerprint = None,
    after: paging.After = None,
    limit: paging.Limit = 50,
) -> Response:
    """List parked keys, with the event at the head of each queue and why it failed (搁置的键)."""
    place = ("", "") if after is None else tuple(paging.decode_cursor(after, str, str))
    return await query.run(
        lambda work: parking.held_keys(
            work,
            operator.applier.consumer,
            topic=topic,
            fingerprint=fingerprint,
            after=place,
            limit=limit + 1,
        ),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=schemas.HeldKeyView.of,
            cursor=lambda row: paging.encode_cursor(row.topic, row.key),
        ),
    )


@router.post("/redrives/preview", response_model=RedrivePreviewView, responses=problems())
async def preview_redrive(
    body: schemas.SelectParked, query: Read, operator: Operating
) -> RedrivePreviewView:
    """Tell what a redrive would do now; it is tried and undone (重放预演)."""
    found = await redrive.preview(operator.database, operator.applier, body.selection())
    return RedrivePreviewView.model_validate(found)


@router.post(
    "/redrives", response_model=OperationView, status_code=201, responses=problems(400, 409)
)
async def request_redrive(
    body: schemas.RequestRedrive, command: Ask, operator: Operating
) -> Response:
    """Ask for parked keys to be replayed; another person approves it (重放申请)."""
    by = _who(command.caller)
    return await command.run(
        lambda work: ask_redrive(work, operator, body.selection(), reason=body.reason, by=by),
        present=OperationView.of,
        status=201,
        location=_location,
    )


@router.post(
    "/rebuilds", response_model=OperationView, status_code=201, responses=problems(400, 409)
)
async def request_rebuild(
    body: schemas.RequestRebuild, command: Ask, operator: Operating
) -> Response:
    """Ask for a read model to be rebuilt; another person approves it (读模型重建申请)."""
    by = _who(command.caller)
    return await command.run(
        lambda work: ask_rebuild(work, operator, body.read_model, reason=body.reason, by=by),
        present=OperationView.of,
        status=201,
        location=_location,
    )


@router.get("", response_model=schemas.OperationPage, responses=problems())
async def list_operations(
    query: Read, after: paging.After = None, limit: paging.Limit = 50
) -> Response:
    """List operations, the newest first (运维操作)."""
    start = paging.decode_id(after)
    return await query.run(
        lambda work: requests.page(work, after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=OperationView.of,
            cursor=lambda row: paging.encode_cursor(str(row.id)),
        ),
    )


@router.get("/outbox", response_model=BacklogView, responses=problems())
async def show_outbox(query: Read, operator: Operating) -> Response:
    """Show what waits for the broker (待发事件)."""
    return await query.run(
        lambda work: backlog(work, limit=operator.database.bound.limit_rows),
        present=BacklogView.of,
    )


@router.get("/processes", response_model=schemas.WaitingProcessPage, responses=problems())
async def list_processes(
    query: Read,
    late: Late = None,
    after: paging.After = None,
    limit: paging.Limit = 50,
) -> Response:
    """List processes that have not ended; with `late` those past their deadline (流程)."""
    place = ("", "") if after is None else tuple(paging.decode_cursor(after, str, str))
    return await query.run(
        lambda work: process.waiting(work, late_only=bool(late), after=place, limit=limit + 1),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=schemas.WaitingProcessView.of,
            cursor=lambda row: paging.encode_cursor(row.kind, row.id),
        ),
    )


@router.post(
    "/processes/{kind}/{process_id}/resumption",
    response_model=OperationView,
    responses=problems(400, 404, 409),
)
async def resume_process(
    kind: Kind,
    process_id: ProcessId,
    body: schemas.ResumeProcess,
    command: Ask,
    operator: Operating,
) -> Response:
    """Send a process's timer once more (流程恢复)."""
    by = _who(command.caller)
    return await command.run(
        lambda work: resume(work, operator, kind, process_id, reason=body.reason, by=by),
        present=OperationView.of,
    )


@router.get("/{operation_id}", response_model=OperationView, responses=problems(404))
async def get_operation(operation_id: UUID, query: Read) -> Response:
    """Show one operation."""
    return await query.run(lambda work: requests.get(work, operation_id), present=OperationView.of)


@router.post(
    "/{operation_id}/decision", response_model=OperationView, responses=problems(400, 404, 409)
)
async def decide_operation(operation_id: UUID, body: schemas.Decide, command: Approve) -> Response:
    """Approve or decline what another person asked for; the consumer carries it out (复核)."""
    by = _who(command.caller)
    return await command.run(
        lambda work: requests.decide(work, operation_id, approve=body.approve, by=by),
        present=OperationView.of,
    )


def _location(operation: requests.Operation) -> str:
    return f"/v1/operations/{operation.id}"
