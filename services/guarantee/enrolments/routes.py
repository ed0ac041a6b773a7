"""REST of the enrolment checks."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.guarantee.enrolments import handlers
from services.guarantee.enrolments.schemas import EnrolmentCheck, EnrolmentCheckView
from shared.errors import Forbidden
from shared.web import commands
from shared.web.problem import problems
from shared.web.rule_packs import Packs

router = APIRouter(prefix="/v1/programmes", tags=["enrolments 备案"])

ANYONES = "guarantee.guarantees:read-all"
"""With this scope a caller asks for any bank; without it for its own organisation only."""

Read = Annotated[commands.Query, commands.query("guarantee.guarantees:read")]


class OtherBank(Forbidden):
    """A bank asks in the name of another one."""

    code = "other-bank"
    title_zh = "不得代其他银行查询"
    title_en = "Not your bank"


def _bank(body: EnrolmentCheck, query: commands.Query) -> str:
    bank = body.bank or query.caller.org
    if bank != query.caller.org and ANYONES not in query.caller.scopes:
        raise OtherBank(f"{query.caller.org} cannot ask for {bank}")
    return bank


@router.post(
    "/{programme}/enrolment-checks", response_model=EnrolmentCheckView, responses=problems(404, 409)
)
async def check_enrolment(
    programme: str, body: EnrolmentCheck, packs: Packs, query: Read
) -> Response:
    """Ask as a bank what the programme would decide now: nothing is stored, a refusal is a 409.

    A refusal names the rule and its limit. What the firm owes elsewhere and what it is stay untold:
    a question needs no consent of the firm, so it may not show its credit (征信业管理条例 art. 40).
    """
    bank = _bank(body, query)
    return await query.run(
        lambda work: handlers.check(
            work, programme, body.terms(bank=bank, today=work.today), packs=packs
        ),
        present=EnrolmentCheckView.of,
    )
