"""REST of the loans. A bank sees and changes its own; supervisors read all."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.credit.loans import handlers, store
from services.credit.loans.rules import LoanState
from services.credit.loans.schemas import (
    ContractLoan,
    Draw,
    LoanPage,
    LoanView,
    RequestEnrolment,
    Withdraw,
)
from services.credit.processes import handlers as processes
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.fields import OrgCode
from shared.web.problem import problems

router = APIRouter(prefix="/v1/loans", tags=["loans 贷款"])

ANYONES = "credit.loans:read-all"
"""Supervisors carry this scope: they read every bank's loans."""

Write = Annotated[Command, commands.command("credit.loans:write")]
Read = Annotated[commands.Query, commands.query("credit.loans:read")]
CHANGES = problems(400, 404, 409, 412, 428)
LENDING = problems(400, 403, 404, 409, 412, 428)
"""A bank whose entry in the directory has ended lends nothing new."""


def _bank(query: commands.Query) -> str | None:
    return None if ANYONES in query.caller.scopes else query.caller.org


@router.post("", status_code=201, response_model=LoanView, responses=problems(400, 403, 404, 409))
async def contract_loan(body: ContractLoan, command: Write) -> Response:
    """Record a signed contract."""
    bank = command.caller.org
    return await command.run(
        lambda work: handlers.contract(work, body, bank=bank),
        present=LoanView.of,
        status=201,
        location=lambda stored: f"/v1/loans/{stored.loan.id}",
    )


@router.post("/{loan_id}/enrolment", response_model=LoanView, responses=LENDING)
async def request_enrolment(loan_id: UUID, body: RequestEnrolment, command: Write) -> Response:
    """Ask a programme to enrol the loan (备案); its answer comes as an event."""
    expected, bank = command.if_match, command.caller.org
    return await command.run(
        lambda work: processes.request_enrolment(
            work, loan_id, body, bank=bank, expected_version=expected
        ),
        present=LoanView.of,
    )


@router.post("/{loan_id}/drawdown", response_model=LoanView, responses=LENDING)
async def draw_loan(loan_id: UUID, body: Draw, command: Write) -> Response:
    """Record the drawdown (放款)."""
    expected, bank = command.if_match, command.caller.org
    return await command.run(
        lambda work: handlers.draw(work, loan_id, body, bank=bank, expected_version=expected),
        present=LoanView.of,
    )


@router.post("/{loan_id}/withdrawal", response_model=LoanView, responses=CHANGES)
async def withdraw_loan(loan_id: UUID, body: Withdraw, command: Write) -> Response:
    """Give the contract up before the drawdown (撤销); its guarantee is then released."""
    expected, bank = command.if_match, command.caller.org
    return await command.run(
        lambda work: processes.withdraw(work, loan_id, body, bank=bank, expected_version=expected),
        present=LoanView.of,
    )


@router.get("/{loan_id}", response_model=LoanView, responses=problems(404))
async def get_loan(loan_id: UUID, query: Read) -> Response:
    """Read one loan."""
    return await query.run(
        lambda work: store.get(work, loan_id, bank=_bank(query)), present=LoanView.of
    )


@router.get("", response_model=LoanPage, responses=problems())
async def list_loans(
    query: Read,
    *,
    bank_reference: Annotated[str | None, Query(max_length=100)] = None,
    programme: OrgCode | None = None,
    state: LoanState | None = None,
    after: paging.After = None,
    limit: paging.Limit = 50,
) -> Response:
    """List loans, oldest first."""
    start = paging.decode_id(after)
    wanted = store.Filter(_bank(query), bank_reference, programme, state)
    return await query.run(
        lambda work: store.page(work, wanted, after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=LoanView.of,
            cursor=lambda stored: paging.encode_cursor(str(stored.loan.id)),
        ),
    )
