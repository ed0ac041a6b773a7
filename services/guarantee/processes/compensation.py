"""The process of a compensation (代偿流程): from the filed claim to the last leg paid, or rejected.

It is advanced in the transaction of each step and woken by its own timers, which travel through the
outbox and come back as ``ClaimDeadlineReached``. Lateness changes no amount: it marks the process,
so that the delay is on record and ``tongzhou_processes_late`` shows who still waits.

The examination is due ten days after the filing and the decision ten days after the verification
(no published text fixes either); the legs on the date that each of them carries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from shared.clock import start_of
from shared.messaging.process import ProcessState

VERIFY_WITHIN = timedelta(days=10)
DECIDE_WITHIN = timedelta(days=10)

Stage = Literal["filed", "verified", "approved", "settled", "rejected"]


class Compensation(ProcessState):
    """Where the process stands, and which stages were left later than they should have been."""

    claim_id: UUID
    stage: Stage = "filed"
    late: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class Filed:
    """The bank filed the claim at this instant."""

    claim_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Verified:
    """The guarantor's first person confirmed the documents."""

    claim_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Approved:
    """The second person approved; the legs are due on this business date at the latest."""

    claim_id: UUID
    due_on: date


@dataclass(frozen=True, slots=True)
class Settled:
    """Every leg is paid."""

    claim_id: UUID


@dataclass(frozen=True, slots=True)
class Rejected:
    """The guarantor refused the claim."""

    claim_id: UUID


@dataclass(frozen=True, slots=True)
class DeadlineReached:
    """A timer went off."""

    claim_id: UUID
    stage: str
    at: datetime


_ENDS: Mapping[type[object], frozenset[Stage]] = {
    Settled: frozenset({"approved"}),
    Rejected: frozenset({"filed", "verified"}),
}
"""In which stages a signal ends the process."""

Signal = Filed | Verified | Approved | Settled | Rejected | DeadlineReached


@dataclass(frozen=True, slots=True)
class ScheduleDeadline:
    """Wake the process at this instant, if it is still in this stage."""

    claim_id: UUID
    stage: Stage
    at: datetime


def begin(signal: Signal) -> Compensation:
    """Return the state before the first signal."""
    return Compensation(claim_id=signal.claim_id)


def react(state: Compensation, signal: Signal) -> tuple[Compensation, Sequence[ScheduleDeadline]]:
    """Take one signal; late and repeated ones change nothing."""
    match signal:
        case Filed(_, at) if state.stage == "filed" and state.deadline is None:
            return _enter(state, "filed", at + VERIFY_WITHIN)
        case Verified(_, at) if state.stage == "filed":
            return _enter(state, "verified", at + DECIDE_WITHIN)
        case Approved(_, due_on) if state.stage == "verified":
            # The due date is the last day for paying: the deadline is the start of the next one.
            return _enter(state, "approved", start_of(due_on + timedelta(days=1)))
        case Settled() | Rejected() if state.stage in _ENDS[type(signal)]:
            return _end(state, "settled" if isinstance(signal, Settled) else "rejected"), []
        case DeadlineReached(_, state.stage, at) if _is_over(state, at):
            return _marked_late(state), []
        case _:
            # A timer of a stage that was left in time, or a repeat: nothing is owed for it.
            return state, []


def _is_over(state: Compensation, at: datetime) -> bool:
    return not state.ended and state.deadline is not None and at >= state.deadline


def _enter(
    state: Compensation, stage: Stage, deadline: datetime
) -> tuple[Compensation, Sequence[ScheduleDeadline]]:
    entered = state.model_copy(update={"stage": stage, "deadline": deadline})
    return entered, [ScheduleDeadline(state.claim_id, stage, deadline)]


def _end(state: Compensation, stage: Stage) -> Compensation:
    return state.model_copy(update={"stage": stage, "deadline": None, "ended": True})


def _marked_late(state: Compensation) -> Compensation:
    """Keep the deadline, so that the process counts as late until the stage is left."""
    if state.stage in state.late:
        return state
    return state.model_copy(update={"late": (*state.late, state.stage)})
