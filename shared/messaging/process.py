"""Run process managers: load, react, save, act, all in the transaction of the event.

A process that must reach an end is a row: state, version, deadline. ``react`` is pure: it takes the
state and an event and returns the new state and commands. Its deadlines are scheduled events, which
come back to it like any other event; late, repeated and out-of-order events are its own cases.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.db.database import Transaction
from shared.errors import NotFound, ensure
from shared.events.envelope import Event


class ProcessState(BaseModel):
    """The base of every process's state; ``ended`` means that no deadline applies any more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ended: bool = False
    deadline: datetime | None = None


S = TypeVar("S", bound=ProcessState)
E = TypeVar("E")
C = TypeVar("C")


class ProcessUnknown(NotFound):
    """There is no such process, or it has ended."""

    code = "process-unknown"
    title_zh = "流程不存在或已结束"
    title_en = "No such process"


@dataclass(frozen=True, slots=True)
class Process(Generic[S, E, C]):
    """One kind of process. ``begin`` makes the state that a process has before its first event."""

    kind: str
    state: type[S]
    begin: Callable[[E], S]
    react: Callable[[S, E], tuple[S, Sequence[C]]]
    perform: Callable[[Transaction, C], Awaitable[None]]
    remind: Callable[[S], Event | None]
    """The timer that its deadline set, to be sent once more; None if it waits for no timer."""


AnyProcess = Process[Any, Any, Any]
REMINDERS = 3
"""How often a late process is reminded by itself; after that somebody has to look."""
REMIND_AFTER = timedelta(minutes=5)
"""Between the deadline and the first reminder, and between two of them."""


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


async def advance_all(
    work: Transaction, process: Process[S, E, C], events: Mapping[str, E]
) -> None:
    """Let many processes of one kind take one event each, in two statements.

    Rows are locked in order of their ids, after whatever the caller holds.
    """
    rows = await work.fetch(
        "SELECT id, state, version FROM process WHERE kind = $1 AND id = ANY($2) "
        "ORDER BY id FOR UPDATE",
        process.kind,
        list(events),
    )
    known = {row["id"]: row for row in rows}
    after: list[tuple[str, ProcessState, int]] = []
    commands: list[C] = []
    for process_id, event in events.items():
        row = known.get(process_id)
        before = process.begin(event) if row is None else process.state.model_validate(row["state"])
        state, asked = process.react(before, event)
        after.append((process_id, state, 1 if row is None else row["version"] + 1))
        commands += asked
    await _save_all(work, process.kind, after)
    for command in commands:
        await process.perform(work, command)


async def _save(
    work: Transaction, kind: str, process_id: str, state: ProcessState, version: int
) -> None:
    await _save_all(work, kind, [(process_id, state, version)])


async def _save_all(
    work: Transaction, kind: str, processes: Sequence[tuple[str, ProcessState, int]]
) -> None:
    states = [state for _, state, _ in processes]
    tag = await work.execute(
        "INSERT INTO process (kind, id, state, ended, version, deadline, updated_at) "
        "SELECT $1, given.*, $7 FROM unnest($2::text[], $3::jsonb[], $4::boolean[], $5::bigint[], "
        "$6::timestamptz[]) AS given ON CONFLICT (kind, id) DO UPDATE SET "
        "state = excluded.state, ended = excluded.ended, version = excluded.version, "
        "deadline = excluded.deadline, updated_at = excluded.updated_at, "
        "reminders = CASE WHEN process.deadline IS NOT DISTINCT FROM excluded.deadline "
        "THEN process.reminders ELSE 0 END "
        "WHERE process.version = excluded.version - 1",
        kind,
        [process_id for process_id, _, _ in processes],
        [state.model_dump(mode="json") for state in states],
        [state.ended for state in states],
        [version for _, _, version in processes],
        [state.deadline for state in states],
        work.now,
    )
    ensure(tag == f"INSERT 0 {len(processes)}", "two events never advance one process at once")


@dataclass(frozen=True, slots=True)
class Lateness:
    """How many processes are past their deadline, how many of them are stuck, and the longest."""

    late: int
    stuck: int
    oldest_s: float


async def lateness(work: Transaction) -> Lateness:
    """Measure how late processes are; one is stuck once no reminder is sent by itself any more."""
    row = await work.fetchrow(
        "SELECT count(*) AS late, count(*) FILTER (WHERE reminders >= $2) AS stuck, "
        "coalesce(extract(epoch FROM $1 - min(deadline)), 0)::float8 AS oldest "
        "FROM process WHERE NOT ended AND deadline < $1",
        work.now,
        REMINDERS,
    )
    return Lateness(0, 0, 0.0) if row is None else Lateness(*row.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A process that has not ended."""

    kind: str
    id: str
    version: int
    state: Mapping[str, object]
    deadline: datetime | None
    updated_at: datetime
    reminders: int


async def waiting(
    work: Transaction, *, late_only: bool, after: tuple[str, str] = ("", ""), limit: int
) -> list[Waiting]:
    """Return processes that have not ended, by kind and id."""
    rows = await work.fetch(
        "SELECT kind, id, version, state, deadline, updated_at, reminders FROM process "
        "WHERE NOT ended AND (kind, id) > ($1, $2) AND (NOT $3 OR deadline < $4) "
        "ORDER BY kind, id LIMIT $5",
        *after,
        late_only,
        work.now,
        limit,
    )
    return [Waiting(**dict(row)) for row in rows]


async def remind_late(work: Transaction, processes: Sequence[AnyProcess], *, limit: int) -> int:
    """Send the timers of late processes once more, each a bounded number of times.

    A timer that was parked or lost with its topic must not leave its process waiting for ever; a
    process that waits for a person stays late, and is left alone after ``REMINDERS`` times.
    """
    by_kind = {process.kind: process for process in processes}
    rows = await work.fetch(
        "UPDATE process SET reminders = reminders + 1 WHERE (kind, id) IN ("
        "SELECT kind, id FROM process WHERE NOT ended AND deadline < $1 AND reminders < $2 "
        "AND kind = ANY($3::text[]) "
        "AND updated_at + (reminders + 1) * $4::interval < $1 "
        "AND deadline + (reminders + 1) * $4::interval < $1 "
        "ORDER BY deadline LIMIT $5 FOR UPDATE SKIP LOCKED) "
        "RETURNING kind, id, state",
        work.now,
        REMINDERS,
        list(by_kind),
        REMIND_AFTER,
        limit,
    )
    for row in rows:
        _send_timer(work, by_kind[row["kind"]], row["state"])
    return len(rows)


async def resume(work: Transaction, processes: Sequence[AnyProcess], kind: str, id_: str) -> bool:
    """Send a process's timer once more and count its reminders anew; False if it waits for none.

    Raises :class:`ProcessUnknown` for one that does not exist or has ended.
    """
    row = await work.fetchrow(
        "UPDATE process SET reminders = 0 WHERE kind = $1 AND id = $2 AND NOT ended "
        "RETURNING state",
        kind,
        id_,
    )
    found = next((process for process in processes if process.kind == kind), None)
    if row is None or found is None:
        raise ProcessUnknown(f"no process {kind} {id_} that has not ended")
    return _send_timer(work, found, row["state"])


def _send_timer(work: Transaction, process: AnyProcess, state: Mapping[str, object]) -> bool:
    timer = process.remind(process.state.model_validate(state))
    if timer is None:
        return False
    work.schedule(timer, not_before=work.now)
    return True
