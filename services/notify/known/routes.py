"""REST on what has arrived: whether a consent or its revocation already acts on reads."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.notify.known import handlers
from services.notify.known.schemas import KnownConsentView
from shared.web import commands
from shared.web.problem import problems

router = APIRouter(prefix="/v1/consents", tags=["consents 授权"])

ANYONES = "notify.subscriptions:read-all"
"""With this scope a caller asks about every consent; without it about those given to it."""

Read = Annotated[commands.Query, commands.query("notify.subscriptions:read")]


@router.get("/{consent_id}", response_model=KnownConsentView, responses=problems(404))
async def get_known_consent(consent_id: UUID, query: Read) -> Response:
    """Tell how a consent stands here; 404 until it has arrived."""
    reader = None if ANYONES in query.caller.scopes else query.caller.org
    return await query.run(
        lambda work: handlers.consent(work, consent_id, reader=reader), present=KnownConsentView.of
    )
