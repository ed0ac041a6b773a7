"""Running the compensation process: its timers, and the signals that reach it."""

from collections.abc import Sequence
from uuid import UUID

from services.guarantee.processes import compensation
from services.guarantee.processes.compensation import (
    Compensation,
    DeadlineReached,
    ScheduleDeadline,
    Signal,
    Stage,
)
from shared.db.database import Transaction
from shared.events.envelope import Received
from shared.events.guarantee import ClaimDeadlineReached
from shared.messaging.process import Process, advance, advance_all


async def perform(work: Transaction, command: ScheduleDeadline) -> None:
    """Set the timer that the process asks for."""
    work.schedule(
        ClaimDeadlineReached(claim_id=command.claim_id, stage=command.stage),
        not_before=command.at,
    )


PROCESS: Process[Compensation, Signal, ScheduleDeadline] = Process(
    kind="compensation",
    state=Compensation,
    begin=compensation.begin,
    react=compensation.react,
    perform=perform,
    remind=lambda state: ClaimDeadlineReached(claim_id=state.claim_id, stage=state.stage),
)


async def take(work: Transaction, signal: Signal) -> None:
    """Advance the process of one claim, in the transaction of what happened to it."""
    await advance(work, PROCESS, str(signal.claim_id), signal)


async def take_all(work: Transaction, signals: Sequence[Signal]) -> None:
    """Advance the processes of many claims, one signal each."""
    await advance_all(work, PROCESS, {str(signal.claim_id): signal for signal in signals})


async def on_deadline_reached(work: Transaction, received: Received[ClaimDeadlineReached]) -> None:
    """Take a timer that came back."""
    event = received.data
    await take(work, DeadlineReached(event.claim_id, event.stage, work.now))


async def late_stages(work: Transaction, claim_id: UUID) -> tuple[Stage, ...]:
    """Read which stages of a claim were left, or are still held, later than they should be."""
    state = await work.fetchval(
        "SELECT state FROM process WHERE kind = $1 AND id = $2", PROCESS.kind, str(claim_id)
    )
    return () if state is None else Compensation.model_validate(state).late
