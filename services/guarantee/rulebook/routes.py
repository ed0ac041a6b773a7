"""REST of the rulebook: versions that are drafted here, and what differs between two."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.guarantee.rulebook import handlers
from services.guarantee.rulebook.rules import VersionState
from services.guarantee.rulebook.schemas import (
    DiffView,
    DraftPack,
    EndView,
    RetirePack,
    SigningKeyView,
    VersionPage,
    VersionView,
)
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.problem import problems
from shared.web.signing import Signing

router = APIRouter(prefix="/v1/rule-packs", tags=["rule packs 规则包"])

ANYONES = "guarantee.rule-packs:read-all"
"""With this scope a caller reads every draft; without it those of its own organisation."""

Write = Annotated[Command, commands.command("guarantee.rule-packs:write")]
Approve = Annotated[Command, commands.command("guarantee.rule-packs:approve")]
Read = Annotated[commands.Query, commands.query("guarantee.rule-packs:read")]
Number = Annotated[int, Path(ge=1, le=1_000_000, examples=[2])]
Asked = Annotated[int, Query(ge=1, le=1_000_000, examples=[1])]

CHANGES = problems(400, 404, 409, 412, 428)


def _reader(query: commands.Query) -> str | None:
    return None if ANYONES in query.caller.scopes else query.caller.org


@router.post("/drafts", status_code=201, response_model=VersionView, responses=problems(400, 409))
async def draft(body: DraftPack, command: Write) -> Response:
    """Draft a version (起草): taken if it is well formed and its own examples come out."""
    return await command.run(
        lambda work: handlers.draft(work, body.content, by=command.caller),
        present=VersionView.of,
        status=201,
        location=lambda stored: (
            f"/v1/rule-packs/{stored.drafted.pack_id}/versions/{stored.drafted.number}"
        ),
    )


@router.get("/drafts", response_model=VersionPage, responses=problems())
async def list_drafts(
    query: Read, after: paging.After = None, limit: paging.Limit = 50
) -> Response:
    """List the drafts of the caller's organisation, by pack and number."""
    return await _list(query, VersionState.DRAFT, after, limit)


@router.get("/versions", response_model=VersionPage, responses=problems())
async def list_versions(
    query: Read, after: paging.After = None, limit: paging.Limit = 50
) -> Response:
    """List versions that were drafted here, whatever their state, by pack and number."""
    return await _list(query, None, after, limit)


@router.get("/signing-key", response_model=SigningKeyView, responses=problems(409))
def get_signing_key(_query: Read, signer: Signing) -> SigningKeyView:
    """Read the public key that activations are signed with."""
    return SigningKeyView.of(signer)


@router.get("/{pack_id}/versions/{number}", response_model=VersionView, responses=problems(404))
async def get_version(pack_id: str, number: Number, query: Read) -> Response:
    """Read a version that was drafted here, with its content and its signature."""
    return await query.run(
        lambda work: handlers.get(work, pack_id, number, reader=_reader(query)),
        present=VersionView.of,
    )


@router.put("/{pack_id}/versions/{number}", response_model=VersionView, responses=CHANGES)
async def revise(pack_id: str, number: Number, body: DraftPack, command: Write) -> Response:
    """Replace the content of a draft; whoever does is its drafter from then on."""
    by, expected = command.caller, command.if_match
    return await command.run(
        lambda work: handlers.revise(
            work, pack_id, number, body.content, by=by, expected_version=expected
        ),
        present=VersionView.of,
    )


@router.post("/{pack_id}/versions/{number}/withdraw", response_model=VersionView, responses=CHANGES)
async def withdraw(pack_id: str, number: Number, command: Write) -> Response:
    """Give a draft up (撤回)."""
    by, expected = command.caller, command.if_match
    return await command.run(
        lambda work: handlers.withdraw(work, pack_id, number, by=by, expected_version=expected),
        present=VersionView.of,
    )


@router.post("/{pack_id}/versions/{number}/activate", response_model=VersionView, responses=CHANGES)
async def activate(pack_id: str, number: Number, command: Approve, signer: Signing) -> Response:
    """Make a draft of another person decide from its first day on (复核生效), signed."""
    by, expected = command.caller, command.if_match
    return await command.run(
        lambda work: handlers.activate(
            work, pack_id, number, by=by, signer=signer, expected_version=expected
        ),
        present=VersionView.of,
    )


@router.post(
    "/{pack_id}/versions/{number}/retire", response_model=EndView, responses=problems(400, 404, 409)
)
async def retire(pack_id: str, number: Number, body: RetirePack, command: Approve) -> Response:
    """End a version that has no successor (废止); what it decided stays."""
    by, end = command.caller, body.model_dump()
    return await command.run(
        lambda work: handlers.retire(work, pack_id, number, by=by, **end), present=EndView.of
    )


@router.get("/{pack_id}/diff", response_model=DiffView, responses=problems(404))
async def diff(pack_id: str, before: Asked, after: Asked, query: Read) -> Response:
    """Say in words what differs between two versions, drafts included."""
    reader = _reader(query)
    return await query.run(
        lambda work: handlers.compare(work, pack_id, before=before, after=after, reader=reader),
        present=DiffView.of,
    )


async def _list(
    query: commands.Query, state: VersionState | None, after: str | None, limit: int
) -> Response:
    pack_id, number = ("", 0) if after is None else paging.decode_cursor(after, str, int)
    start = (pack_id, number)
    reader = _reader(query)
    return await query.run(
        lambda work: handlers.page(work, reader=reader, state=state, after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=VersionView.of,
            cursor=lambda stored: paging.encode_cursor(
                stored.drafted.pack_id, stored.drafted.number
            ),
        ),
    )
