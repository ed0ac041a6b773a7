"""Use cases of a bank's reports of its drawn loans."""

from uuid import UUID

from services.credit.loans import handlers as loans
from services.credit.loans.rules import Stored
from services.credit.processes import handlers as processes
from services.credit.reports import rules
from services.credit.reports.schemas import Classify, ReportOverdue, Settle
from shared.db.database import Transaction


async def report_overdue(
    work: Transaction, loan_id: UUID, body: ReportOverdue, *, bank: str, expected_version: int
) -> Stored:
    """Record that payments are overdue."""
    stored = await loans.lock_own(work, loan_id, bank=bank, expected_version=expected_version)
    loan, event = rules.report_overdue(
        stored.loan,
        overdue_since=body.overdue_since,
        principal_outstanding_fen=body.principal_outstanding_fen,
        reported_on=body.reported_on,
        today=work.today,
    )
    return await loans.save(work, stored, loan, event)


async def classify(
    work: Transaction, loan_id: UUID, body: Classify, *, bank: str, expected_version: int
) -> Stored:
    """Record the five-class classification."""
    stored = await loans.lock_own(work, loan_id, bank=bank, expected_version=expected_version)
    loan, event = rules.classify(
        stored.loan,
        classification=body.classification,
        principal_outstanding_fen=body.principal_outstanding_fen,
        classified_on=body.classified_on,
        today=work.today,
    )
    return await loans.save(work, stored, loan, event)


async def settle(
    work: Transaction, loan_id: UUID, body: Settle, *, bank: str, expected_version: int
) -> Stored:
    """Record that the loan was repaid in full, and end its process."""
    stored = await loans.lock_own(work, loan_id, bank=bank, expected_version=expected_version)
    loan, event = rules.settle(stored.loan, settled_on=body.settled_on, today=work.today)
    saved = await loans.save(work, stored, loan, event)
    await processes.repaid(work, saved)
    return saved
