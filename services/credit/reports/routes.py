"""REST of a bank's reports of its drawn loans."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.credit.loans.schemas import LoanView
from services.credit.reports import handlers
from services.credit.reports.schemas import Classify, ReportOverdue, Settle
from shared.web import commands
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(prefix="/v1/loans", tags=["loans 贷款"])

Write = Annotated[Command, commands.command("credit.loans:write")]
CHANGES = problems(400, 404, 409, 412, 428)


@router.post("/{loan_id}/overdue", response_model=LoanView, responses=CHANGES)
async def report_overdue(loan_id: UUID, body: ReportOverdue, command: Write) -> Response:
    """Report that payments are overdue (逾期)."""
    expected, bank = command.if_match, command.caller.org
    return await command.run(
        lambda work: handlers.report_overdue(
            work, loan_id, body, bank=bank, expected_version=expected
        ),
        present=LoanView.of,
    )


@router.post("/{loan_id}/classification", response_model=LoanView, responses=CHANGES)
async def classify_loan(loan_id: UUID, body: Classify, command: Write) -> Response:
    """Report the five-class classification (五级分类)."""
    expected, bank = command.if_match, command.caller.org
    return await command.run(
        lambda work: handlers.classify(work, loan_id, body, bank=bank, expected_version=expected),
        present=LoanView.of,
    )


@router.post("/{loan_id}/settlement", response_model=LoanView, responses=CHANGES)
async def settle_loan(loan_id: UUID, body: Settle, command: Write) -> Response:
    """Report that the loan was repaid in full (结清); its guarantee is then released."""
    expected, bank = command.if_match, command.caller.org
    return await command.run(
        lambda work: handlers.settle(work, loan_id, body, bank=bank, expected_version=expected),
        present=LoanView.of,
    )
