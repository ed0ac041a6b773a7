"""REST of the pictures: what a person looks at, beside the figures that a program reads."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.guarantee.pictures import handlers, rules
from shared.web import commands
from shared.web.problem import problems
from shared.web.rule_packs import Packs

router = APIRouter(prefix="/v1/claims", tags=["claims 代偿"])

ANYONES = "guarantee.claims:read-all"
"""With this scope a caller sees every claim; without it those that its organisation is part of."""

Read = Annotated[commands.Query, commands.query("guarantee.claims:read")]
PICTURE = {"schema": {"type": "string", "examples": ["<svg xmlns='http://www.w3.org/2000/svg'/>"]}}


@router.get(
    "/{claim_id}/split.svg",
    response_class=Response,
    responses={200: {"content": {rules.MEDIA_TYPE: PICTURE}}, **problems(404)},
)
async def draw_split(claim_id: UUID, query: Read, packs: Packs) -> Response:
    """See who bears what of a claim's loss: base shares, rounding, caps, overflow (分担图)."""
    reader = None if ANYONES in query.caller.scopes else query.caller.org
    return await query.show(
        lambda work: handlers.split_of_claim(work, claim_id, packs=packs, reader=reader),
        present=lambda found: rules.waterfall(claim_id, found.split, found.legs, pack=found.pack),
        media_type=rules.MEDIA_TYPE,
    )
