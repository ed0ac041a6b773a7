"""Use cases of the loans."""

from collections.abc import Sequence
from uuid import UUID

from services.credit.demands import handlers as demands
from services.credit.known import handlers as known
from services.credit.loans import rules, store
from services.credit.loans.rules import Loan, LoanId, LoanState, Stored
from services.credit.loans.schemas import (
    ContractLoan,
    Draw,
    RequestEnrolment,
    Withdraw,
)
from shared.db.database import Transaction
from shared.errors import Conflict
from shared.events.envelope import Event
from shared.uscc import Uscc


class ReferenceTaken(Conflict):
    """The bank has a loan of this reference already."""

    code = "bank-reference-taken"
    title_zh = "本行已有相同编号的贷款"
    title_en = "Bank reference taken"


async def contract(work: Transaction, body: ContractLoan, *, bank: str) -> Stored:
    """Record a contract, of an accepted offer or of the bank's own dealing."""
    await known.require_bank(work, bank, on=work.today)
    if await store.taken_references(work, bank, [body.bank_reference]):
        raise ReferenceTaken(f"{bank} has a loan {body.bank_reference}")
    uscc = body.uscc
    if uscc is not None:
        await known.require_enterprise(work, uscc)
    if body.demand_id is not None:
        demand = await demands.contract(
            work,
            body.demand_id,
            bank=bank,
            amount_fen=body.amount_fen,
            rate_ppm=body.rate_ppm,
        )
        uscc = demand.uscc.code
    loan = Loan(
        id=LoanId(work.new_id()),
        bank=bank,
        bank_reference=body.bank_reference,
        uscc=Uscc(uscc or ""),
        demand_id=body.demand_id,
        amount_fen=body.amount_fen,
        rate_ppm=body.rate_ppm,
        tenor_months=body.tenor_months,
        signed_on=body.signed_on,
    )
    contracted, event = rules.contract(loan, today=work.today)
    stored = Stored(contracted, work.publish_all([event], after=0))
    await store.insert_many(work, [stored])
    return stored


async def request_enrolment(
    work: Transaction, loan_id: UUID, body: RequestEnrolment, *, bank: str, expected_version: int
) -> Stored:
    """Ask a programme to enrol the loan; refused at once where its breaker is known to be out."""
    await known.require_bank(work, bank, on=work.today)
    await known.require_guarantor(work, body.guarantor, on=work.today)
    stored = await store.lock(work, loan_id, bank=bank, expected_version=expected_version)
    await known.require_open(work, programme=body.programme, bank=bank)
    loan, event = rules.request_enrolment(
        stored.loan, programme=body.programme, guarantor=body.guarantor, today=work.today
    )
    return await _save(work, stored, loan, event)


async def draw(
    work: Transaction, loan_id: UUID, body: Draw, *, bank: str, expected_version: int
) -> Stored:
    """Record the drawdown, of a bank that is one on the day of the payment."""
    stored = await store.lock(work, loan_id, bank=bank, expected_version=expected_version)
    await known.require_bank(work, bank, on=body.disbursed_on)
    loan, event = rules.draw(stored.loan, disbursed_on=body.disbursed_on, today=work.today)
    return await _save(work, stored, loan, event)


async def withdraw(
    work: Transaction, loan_id: UUID, body: Withdraw, *, bank: str, expected_version: int
) -> Stored:
    """Record that a loan was given up before it was drawn."""
    stored = await store.lock(work, loan_id, bank=bank, expected_version=expected_version)
    loan, event = rules.withdraw(stored.loan, withdrawn_on=body.withdrawn_on, today=work.today)
    return await _save(work, stored, loan, event)


async def lock_own(work: Transaction, loan_id: UUID, *, bank: str, expected_version: int) -> Stored:
    """Lock a bank's own loan at the version that the bank has seen."""
    return await store.lock(work, loan_id, bank=bank, expected_version=expected_version)


async def lock(work: Transaction, loan_id: UUID) -> Stored:
    """Lock a loan for a step of its process."""
    return await store.lock(work, loan_id, bank=None)


async def save(work: Transaction, stored: Stored, loan: Loan, event: Event) -> Stored:
    """Publish and store what became of a locked loan."""
    return await _save(work, stored, loan, event)


async def taken_references(work: Transaction, bank: str, references: Sequence[str]) -> set[str]:
    """Return which of a bank's references are used."""
    return await store.taken_references(work, bank, references)


async def insert_many(work: Transaction, entries: Sequence[Stored]) -> None:
    """Store loans whose events are published."""
    await store.insert_many(work, entries)


async def lock_many(
    work: Transaction, loan_ids: Sequence[UUID], *, bank: str
) -> dict[UUID, Stored]:
    """Lock several of a bank's loans."""
    return await store.lock_many(work, loan_ids, bank=bank)


async def save_many(work: Transaction, entries: Sequence[Stored]) -> None:
    """Store loans whose events are published."""
    await store.save_many(work, entries)


async def states(
    work: Transaction, loan_ids: Sequence[UUID]
) -> dict[UUID, tuple[LoanState, tuple[str, ...]]]:
    """Return where loans stand, with the codes of a refused enrolment."""
    return await store.states(work, loan_ids)


async def count_by_state(
    work: Transaction, *, bank: str | None, programme: str
) -> dict[LoanState, int]:
    """Count a programme's loans by state."""
    return await store.count_by_state(work, bank=bank, programme=programme)


async def _save(work: Transaction, stored: Stored, loan: Loan, event: Event) -> Stored:
    saved = Stored(loan, work.publish_all([event], after=stored.version))
    await store.save_many(work, [saved])
    return saved
