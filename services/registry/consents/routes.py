"""REST of the consents."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.registry.consents import handlers, store
from services.registry.consents.schemas import ConsentPage, ConsentView, GrantConsent
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(prefix="/v1/consents", tags=["consents 授权"])

ANYONES = "registry.consents:read-all"
"""With this scope a caller reads every consent; without it those given to its organisation."""

Write = Annotated[Command, commands.command("registry.consents:write")]
Read = Annotated[commands.Query, commands.query("registry.consents:read")]


def _reader(query: commands.Query) -> str | None:
    return None if ANYONES in query.caller.scopes else query.caller.org


@router.post("", status_code=201, response_model=ConsentView, responses=problems(400, 409))
async def grant_consent(body: GrantConsent, command: Write) -> Response:
    """Grant a consent (授权)."""
    return await command.run(
        lambda work: handlers.grant_consent(work, body),
        present=ConsentView.of,
        status=201,
        location=lambda stored: f"/v1/consents/{stored.consent.id}",
    )


@router.post(
    "/{consent_id}/revoke",
    response_model=ConsentView,
    responses=problems(400, 404, 409, 412, 428),
)
async def revoke_consent(consent_id: UUID, command: Write) -> Response:
    """Revoke a consent: every feed withholds its data from the next read on."""
    expected = command.if_match
    return await command.run(
        lambda work: handlers.revoke_consent(work, consent_id, expected_version=expected),
        present=ConsentView.of,
    )


@router.get("/{consent_id}", response_model=ConsentView, responses=problems(404))
async def get_consent(consent_id: UUID, query: Read) -> Response:
    """Read one consent."""
    return await query.run(
        lambda work: store.get(work, consent_id, reader=_reader(query)), present=ConsentView.of
    )


@router.get("", response_model=ConsentPage, responses=problems())
async def list_consents(
    query: Read,
    uscc: Annotated[str | None, Query(max_length=18)] = None,
    after: paging.After = None,
    limit: paging.Limit = 50,
) -> Response:
    """List consents, oldest first."""
    start = paging.decode_id(after)
    return await query.run(
        lambda work: store.page(work, reader=_reader(query), uscc=uscc, after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=ConsentView.of,
            cursor=lambda stored: paging.encode_cursor(str(stored.consent.id)),
        ),
    )
