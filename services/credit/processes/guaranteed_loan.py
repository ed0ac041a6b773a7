"""The process of a guaranteed loan (保证贷款): from the enrolment request to the end of recovery.

It ends enrolled and closed, or refused. What the other service says arrives late, twice or not at
all; each of these is a case below. The answer to an enrolment request is due within five days;
silence counts as a refusal, and a letter after it changes nothing for the loan, which its bank may
have enrolled elsewhere by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from shared.messaging.process import ProcessState

ANSWER_WITHIN = timedelta(days=5)
TIMEOUT_CODE = "enrolment-timeout"

Step = Literal["asked", "enrolled", "refused", "late_letter", "compensated", "closed"]


class GuaranteedLoan(ProcessState):
    """Where the process stands."""

    loan_id: UUID
    programme: str = ""
    step: Step = "asked"
    guarantee_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The bank asked a programme for enrolment at this instant."""

    loan_id: UUID
    programme: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LetterArrived:
    """The guarantor issued its letter under a programme on this business date."""

    loan_id: UUID
    programme: str
    guarantee_id: UUID
    on: date


@dataclass(frozen=True, slots=True)
class Declined:
    """The programme, or the guarantor under it, declined."""

    loan_id: UUID
    programme: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeadlineReached:
    """The time for an answer is over."""

    loan_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """Every party paid its part of the loss."""

    loan_id: UUID
    claim_id: UUID
    compensated_fen: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The claim's recovery is over."""

    loan_id: UUID
    on: date


Signal = Asked | LetterArrived | Declined | DeadlineReached | Settled | Ended


@dataclass(frozen=True, slots=True)
class ScheduleDeadline:
    """Wake the process at this instant."""

    loan_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class EnrolLoan:
    """Mark the loan enrolled as of the letter's day."""

    loan_id: UUID
    guarantee_id: UUID
    on: date


@dataclass(frozen=True, slots=True)
class RefuseLoan:
    """Mark the loan refused."""

    loan_id: UUID
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompensateLoan:
    """Mark the loan compensated."""

    loan_id: UUID
    claim_id: UUID
    compensated_fen: int


@dataclass(frozen=True, slots=True)
class CloseLoan:
    """Mark the loan closed."""

    loan_id: UUID
    on: date


Command = ScheduleDeadline | EnrolLoan | RefuseLoan | CompensateLoan | CloseLoan


def begin(signal: Signal) -> GuaranteedLoan:
    """Return the state before the first signal."""
    return GuaranteedLoan(loan_id=signal.loan_id)


def react(state: GuaranteedLoan, signal: Signal) -> tuple[GuaranteedLoan, Sequence[Command]]:
    """Take one signal; late and repeated ones change nothing."""
    decided: tuple[GuaranteedLoan, Sequence[Command]] = (state, [])
    match signal:
        case Asked(loan_id, programme, at) if state.step in {"asked", "refused", "late_letter"}:
            deadline = at + ANSWER_WITHIN
            asked = GuaranteedLoan(loan_id=loan_id, programme=programme, deadline=deadline)
            decided = asked, [ScheduleDeadline(loan_id, deadline)]
        case LetterArrived(loan_id, state.programme, guarantee_id, on) if state.step == "asked":
            enrolled = _moved(state, "enrolled", guarantee_id=guarantee_id)
            decided = enrolled, [EnrolLoan(loan_id, guarantee_id, on)]
        case LetterArrived(_, _, guarantee_id, _) if state.step == "refused":
            decided = _moved(state, "late_letter", guarantee_id=guarantee_id, ended=True), []
        case Declined(loan_id, state.programme, codes) if state.step == "asked":
            decided = _moved(state, "refused", ended=True), [RefuseLoan(loan_id, codes)]
        case DeadlineReached(loan_id, at) if state.step == "asked" and _is_over(state, at):
            refused = _moved(state, "refused", ended=True)
            decided = refused, [RefuseLoan(loan_id, (TIMEOUT_CODE,))]
        case Settled(loan_id, claim_id, compensated_fen) if state.step == "enrolled":
            compensated = _moved(state, "compensated")
            decided = compensated, [CompensateLoan(loan_id, claim_id, compensated_fen)]
        case Ended(loan_id, on) if state.step == "compensated":
            decided = _moved(state, "closed", ended=True), [CloseLoan(loan_id, on)]
        case _:
            # A repeat, an answer of a programme asked before, or one to a question that is
            # settled: decided already.
            pass
    return decided


def _is_over(state: GuaranteedLoan, at: datetime) -> bool:
    """A timer of an earlier request must not refuse a later one."""
    return state.deadline is not None and at >= state.deadline


def _moved(
    state: GuaranteedLoan, step: Step, *, guarantee_id: UUID | None = None, ended: bool = False
) -> GuaranteedLoan:
    return GuaranteedLoan(
        loan_id=state.loan_id,
        programme=state.programme,
        step=step,
        guarantee_id=guarantee_id or state.guarantee_id,
        ended=ended,
        deadline=None,
    )
