"""REST of the case files."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.guarantee.casefiles import handlers
from services.guarantee.casefiles.schemas import CaseFileView
from shared.web import commands
from shared.web.problem import problems
from shared.web.rule_packs import Packs

router = APIRouter(prefix="/v1/guarantees", tags=["guarantees 担保"])

ANYONES = "guarantee.guarantees:read-all"
EVERY_FUND = "guarantee.fund:read-all"

Read = Annotated[commands.Query, commands.query("guarantee.guarantees:read")]


@router.get("/{guarantee_id}/case", response_model=CaseFileView, responses=problems(404))
async def get_case_file(guarantee_id: UUID, query: Read, packs: Packs) -> Response:
    """Read all of one guarantee: contract, pack, claims, arithmetic, ledger (业务档案)."""
    scopes = query.caller.scopes
    reader = None if ANYONES in scopes else query.caller.org
    return await query.run(
        lambda work: handlers.case_file(
            work, guarantee_id, packs=packs, reader=reader, reads_every_fund=EVERY_FUND in scopes
        ),
        present=lambda file: CaseFileView.for_reader(file, reader),
    )
