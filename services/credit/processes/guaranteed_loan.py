"""The process of a guaranteed loan (保证贷款): from the enrolment request to the loan's end.

It ends refused, withdrawn before the drawdown, repaid, released (the loan goes on without its
guarantee), or compensated and closed. What the other service says arrives late, twice or not at
all; each of these is a case below. The answer to an enrolment request is due within five days;
silence counts as a refusal, so that the bank may ask another programme or lend without one.

A letter is the guarantor's word, and one loan has one live guarantee: whatever was asked since, the
other programmes decline the loan as covered already. So a letter of any request of this loan enrols
it as long as it is not drawn, and their declines are then late. A letter that finds the loan drawn
without enrolment changes nothing here; guarantee releases it when it hears of the drawdown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from shared.messaging.process import ProcessState

ANSWER_WITHIN = timedelta(days=5)
TIMEOUT_CODE = "enrolment-timeout"

Step = Literal[
    "asked",
    "enrolled",
    "refused",
    "withdrawn",
    "repaid",
    "released",
    "compensated",
    "closed",
]


class GuaranteedLoan(ProcessState):
    """Where the process stands: ``programme`` was asked last, ``earlier`` are those before it."""

    loan_id: UUID
    programme: str = ""
    earlier: tuple[str, ...] = ()
    step: Step = "asked"
    guarantee_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The bank asked a programme for enrolment at this instant."""

    loan_id: UUID
    programme: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What the guarantor's letter says, and the business date that it bears."""

    guarantee_id: UUID
    programme: str
    guarantor: str
    issued_on: date


@dataclass(frozen=True, slots=True)
class LetterArrived:
    """The guarantor issued its letter, which found the loan drawn already or not."""

    loan_id: UUID
    letter: Letter
    loan_is_drawn: bool


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
class Withdrawn:
    """The bank gave the contract up before the drawdown."""

    loan_id: UUID


@dataclass(frozen=True, slots=True)
class Repaid:
    """The loan was repaid in full."""

    loan_id: UUID


@dataclass(frozen=True, slots=True)
class Released:
    """The guarantor is free of the guarantee."""

    loan_id: UUID
    guarantee_id: UUID


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


Signal = (
    Asked
    | LetterArrived
    | Declined
    | DeadlineReached
    | Withdrawn
    | Repaid
    | Released
    | Settled
    | Ended
)


@dataclass(frozen=True, slots=True)
class ScheduleDeadline:
    """Wake the process at this instant."""

    loan_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class EnrolLoan:
    """Mark the loan enrolled by this letter."""

    loan_id: UUID
    letter: Letter


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
        case Asked(loan_id, programme, at) if state.step in {"asked", "refused"}:
            asked = _asked(state, programme, deadline=at + ANSWER_WITHIN)
            decided = asked, [ScheduleDeadline(loan_id, at + ANSWER_WITHIN)]
        case LetterArrived(_, _, loan_is_drawn=True):
            # The bank lent without waiting: the letter is of no use to this loan any more.
            pass
        case LetterArrived(loan_id, letter) if state.step in {"asked", "refused"}:
            # In time; after the deadline; after a decline of a later request that overtook it; or
            # while another programme is asked, which will decline.
            if letter.programme in {state.programme, *state.earlier}:
                enrolled = _moved(state, "enrolled", letter=letter)
                decided = enrolled, [EnrolLoan(loan_id, letter)]
        case Declined(loan_id, state.programme, codes) if state.step == "asked":
            decided = _moved(state, "refused", ended=True), [RefuseLoan(loan_id, codes)]
        case DeadlineReached(loan_id, at) if state.step == "asked" and _is_over(state, at):
            refused = _moved(state, "refused", ended=True)
            decided = refused, [RefuseLoan(loan_id, (TIMEOUT_CODE,))]
        case Withdrawn() if state.step in {"asked", "enrolled", "refused"}:
            decided = _moved(state, "withdrawn", ended=True), []
        case Repaid() if state.step == "enrolled":
            # A claim that was settled after all is the guarantors' to get back, by recovery.
            decided = _moved(state, "repaid", ended=True), []
        case Released(_, state.guarantee_id) if state.step == "enrolled":
            decided = _moved(state, "released", ended=True), []
        case Settled(loan_id, claim_id, compensated_fen) if state.step == "enrolled":
            compensated = _moved(state, "compensated")
            decided = compensated, [CompensateLoan(loan_id, claim_id, compensated_fen)]
        case Ended(loan_id, on) if state.step == "compensated":
            decided = _moved(state, "closed", ended=True), [CloseLoan(loan_id, on)]
        case _:
            # A repeat, a decline of a programme asked before, an answer to a question that is
            # settled, or word of a guarantee whose loan has ended: decided already.
            pass
    return decided


def _is_over(state: GuaranteedLoan, at: datetime) -> bool:
    """A timer of an earlier request must not refuse a later one."""
    return state.deadline is not None and at >= state.deadline


def _asked(state: GuaranteedLoan, programme: str, *, deadline: datetime) -> GuaranteedLoan:
    """Keep every programme that was asked, once: each of them may still send its letter."""
    before = {*state.earlier, state.programme} - {"", programme}
    return GuaranteedLoan(
        loan_id=state.loan_id,
        programme=programme,
        earlier=tuple(sorted(before)),
        deadline=deadline,
    )


def _moved(
    state: GuaranteedLoan, step: Step, *, letter: Letter | None = None, ended: bool = False
) -> GuaranteedLoan:
    told = {} if letter is None else _told(letter)
    return state.model_copy(update={"step": step, "ended": ended, "deadline": None} | told)


def _told(letter: Letter) -> dict[str, object]:
    return {"programme": letter.programme, "guarantee_id": letter.guarantee_id}
