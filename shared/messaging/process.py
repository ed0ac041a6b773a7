"""Run process managers: load, react, save, act, all in the transaction of the event.

A process that must reach an end is a row: state, version, deadline. ``react`` is pure: it takes the
state and an event and returns the new state and commands. Its deadlines are scheduled events, which
come back to it like any other event; late, repeated and out-of-order events are its own cases.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.db.database import Transaction
from shared.errors import ensure


class ProcessState(BaseModel):
    """The base of every process's state; ``ended`` means that no deadline applies any more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ended: bool = False
    deadline: datetime | None = None


S = TypeVar("S", bound=ProcessState)
E = TypeVar("E")
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Process(Generic[S, E, C]):
    """One kind of process. ``begin`` makes the state that a process has before its first event."""

    kind: str
    state: type[S]
    begin: Callable[[E], S]
    react: Callable[[S, E], tuple[S, Sequence[C]]]
    perform: Callable[[Transaction, C], Awaitable[None]]


async def advance(work: Transaction, process: Process[S, E, C], process_id: str, event: E) -> S:
    """Let one process take one event; returns its new state."""
    row = await work.fetchrow(
        "SELECT state, version FROM process WHERE kind = $1 AND id = $2 FOR UPDATE",
        process.kind,
        process_id,
    )
    before = process.begin(event) if row is None else process.state.model_validate(row["state"])
    after, commands = process.react(before, event)
    version = 1 if row is None else row["version"] + 1
    await _save(work, process.kind, process_id, after, version)
    for command in commands:
        await process.perform(work, command)
    return after


async def _save(
    work: Transaction, kind: str, process_id: str, state: ProcessState, version: int
) -> None:
    tag = await work.execute(
        "INSERT INTO process (kind, id, state, ended, version, deadline, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (kind, id) DO UPDATE SET "
        "state = excluded.state, ended = excluded.ended, version = excluded.version, "
        "deadline = excluded.deadline, updated_at = excluded.updated_at "
        "WHERE process.version = excluded.version - 1",
        kind,
        process_id,
        state.model_dump(mode="json"),
        state.ended,
        version,
        state.deadline,
        work.now,
    )
    ensure(tag == "INSERT 0 1", "two events never advance one process at once")


async def count_late(work: Transaction) -> int:
    """Count processes that are past their deadline and have not ended."""
    count: int = await work.fetchval(
        "SELECT count(*) FROM process WHERE NOT ended AND deadline < $1", work.now
    )
    return count
