"""Feed the guaranteed-loan process and carry out its commands."""

from collections.abc import Sequence
from typing import assert_never
from uuid import UUID

from services.credit.loans import handlers as loans
from services.credit.loans import rules
from services.credit.loans.rules import Loan, Stored
from services.credit.loans.schemas import RequestEnrolment, Withdraw
from services.credit.processes import guaranteed_loan as process
from services.credit.processes import store
from services.credit.processes.guaranteed_loan import (
    Asked,
    CloseLoan,
    Command,
    CompensateLoan,
    DeadlineReached,
    Declined,
    Ended,
    EnrolLoan,
    GuaranteedLoan,
    Letter,
    LetterArrived,
    RefuseLoan,
    Released,
    Repaid,
    ScheduleDeadline,
    Settled,
    Signal,
    Withdrawn,
)
from shared.db.database import Transaction
from shared.events.credit import EnrolmentDeadlineReached
from shared.events.envelope import Event, Received
from shared.events.guarantee import (
    ClaimClosed,
    ClaimSettled,
    GuaranteeDeclined,
    GuaranteeReleased,
    LetterIssued,
)
from shared.messaging.process import Process, advance


async def perform(work: Transaction, command: Command) -> None:
    """Carry out one command of the process."""
    if isinstance(command, ScheduleDeadline):
        deadline = EnrolmentDeadlineReached(loan_id=command.loan_id)
        work.schedule(deadline, not_before=command.at)
        return
    stored = await loans.lock(work, command.loan_id)
    loan, event = _step(stored.loan, command)
    await loans.save(work, stored, loan, event)


def _step(
    loan: Loan, command: EnrolLoan | RefuseLoan | CompensateLoan | CloseLoan
) -> tuple[Loan, Event]:
    match command:
        case EnrolLoan(_, letter):
            return rules.enrol(
                loan,
                guarantee_id=letter.guarantee_id,
                programme=letter.programme,
                guarantor=letter.guarantor,
                enrolled_on=letter.issued_on,
            )
        case RefuseLoan(_, codes):
            return rules.refuse_enrolment(loan, codes=codes)
        case CompensateLoan(_, claim_id, compensated_fen):
            return rules.compensate(loan, claim_id=claim_id, compensated_fen=compensated_fen)
        case CloseLoan(_, on):
            return rules.close(loan, closed_on=on)
        case _:
            assert_never(command)


GUARANTEED_LOAN: Process[GuaranteedLoan, Signal, Command] = Process(
    kind="guaranteed_loan",
    state=GuaranteedLoan,
    begin=process.begin,
    react=process.react,
    perform=perform,
    remind=lambda state: EnrolmentDeadlineReached(loan_id=state.loan_id),
)


async def _take(work: Transaction, signal: Signal) -> None:
    # The loan is locked before its process, as the commands do that feed it.
    await loans.lock(work, signal.loan_id)
    await advance(work, GUARANTEED_LOAN, str(signal.loan_id), signal)


async def request_enrolment(
    work: Transaction, loan_id: UUID, body: RequestEnrolment, *, bank: str, expected_version: int
) -> Stored:
    """Ask a programme to enrol the loan, and start to wait for its answer."""
    stored = await loans.request_enrolment(
        work, loan_id, body, bank=bank, expected_version=expected_version
    )
    await _take(work, Asked(loan_id, body.programme, work.now))
    return stored


async def asked_many(work: Transaction, entries: Sequence[Stored]) -> None:
    """Start to wait for the answers to the first requests of new loans."""
    begun = []
    for stored in entries:
        signal = Asked(stored.loan.id, stored.loan.programme or "", work.now)
        state, commands = process.react(process.begin(signal), signal)
        begun.append(state)
        for command in commands:
            await perform(work, command)
    await store.insert_many(work, GUARANTEED_LOAN.kind, begun)


async def withdraw(
    work: Transaction, loan_id: UUID, body: Withdraw, *, bank: str, expected_version: int
) -> Stored:
    """Give a loan up before it is drawn, and wait for no answer any more."""
    stored = await loans.withdraw(work, loan_id, body, bank=bank, expected_version=expected_version)
    if stored.loan.programme is not None:
        await _take(work, Withdrawn(loan_id))
    return stored


async def repaid(work: Transaction, stored: Stored) -> None:
    """End the process of a loan that was repaid in full, if it is guaranteed."""
    if stored.loan.guarantee_id is not None:
        await _take(work, Repaid(stored.loan.id))


async def on_letter_issued(work: Transaction, received: Received[LetterIssued]) -> None:
    """The guarantor answered yes; a loan that is being drawn meanwhile is drawn first."""
    event = received.data
    stored = await loans.lock(work, event.loan_id)
    letter = Letter(
        guarantee_id=event.guarantee_id,
        programme=event.programme,
        guarantor=event.guarantor,
        issued_on=event.issued_on,
    )
    is_drawn = stored.loan.disbursed_on is not None
    await _take(work, LetterArrived(event.loan_id, letter, is_drawn))


async def on_guarantee_declined(work: Transaction, received: Received[GuaranteeDeclined]) -> None:
    """The programme answered no."""
    event = received.data
    await _take(work, Declined(event.loan_id, event.programme, tuple(event.refusal_codes)))


async def on_deadline(work: Transaction, received: Received[EnrolmentDeadlineReached]) -> None:
    """The time for an answer may be over."""
    await _take(work, DeadlineReached(received.data.loan_id, work.now))


async def on_guarantee_released(work: Transaction, received: Received[GuaranteeReleased]) -> None:
    """The loan goes on without its guarantee, or has ended."""
    event = received.data
    await _take(work, Released(event.loan_id, event.guarantee_id))


async def on_claim_settled(work: Transaction, received: Received[ClaimSettled]) -> None:
    """The loss was borne."""
    event = received.data
    await _take(work, Settled(event.loan_id, event.claim_id, event.eligible_loss_fen))


async def on_claim_closed(work: Transaction, received: Received[ClaimClosed]) -> None:
    """Recovery is over."""
    await _take(work, Ended(received.data.loan_id, received.data.closed_on))
