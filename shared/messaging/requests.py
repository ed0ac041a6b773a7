"""Operators' requests: what is asked for, decided by a second person, carried out and told of.

A request is a row with a preview of what it would do. Nothing happens before another person than
the one who asked has approved it; what was done is published as an event, in the transaction that
notes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.db.database import Row, Transaction
from shared.errors import Conflict, FourEyes, NotFound
from shared.events.envelope import EVENT_TYPES
from shared.events.operation_parts import OperationKind

State = Literal["requested", "declined", "approved", "done", "failed"]
KERNEL = "kernel"
"""Who asks where no person does."""


class OperationUnknown(NotFound):
    """There is no such request."""

    code = "operation-unknown"
    title_zh = "运维操作不存在"
    title_en = "No such operation"


class OperationDecided(Conflict):
    """The request has been decided on already."""

    code = "operation-decided"
    title_zh = "运维操作已有决定"
    title_en = "Operation decided already"


class OperationOpen(Conflict):
    """The same is asked for already and has not been carried out yet."""

    code = "operation-open"
    title_zh = "相同的运维操作尚未完成"
    title_en = "The same operation is open"


class OperationFourEyes(FourEyes):
    """Who asked for an operation may not approve it."""

    code = "operation-four-eyes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One request: ``target`` is on what, ``preview`` what it would do, ``result`` what it did."""

    id: UUID
    kind: OperationKind
    target: Mapping[str, str]
    preview: Mapping[str, object]
    reason: str
    state: State
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    result: Mapping[str, object] | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks for."""

    kind: OperationKind
    target: Mapping[str, str]
    preview: Mapping[str, object]
    reason: str
    by: str


async def request(work: Transaction, wish: Wish) -> Operation:
    """Note a request; raises :class:`OperationOpen` when the same one waits already."""
    row = await work.fetchrow(
        "INSERT INTO operation (id, kind, target, preview, reason, state, requested_by, "
        "requested_at) VALUES ($1, $2, $3, $4, $5, 'requested', $6, $7) "
        "ON CONFLICT DO NOTHING RETURNING *",
        work.new_id(),
        wish.kind,
        dict(wish.target),
        dict(wish.preview),
        wish.reason,
        wish.by,
        work.now,
    )
    if row is None:
        raise OperationOpen(f"a {wish.kind} of {dict(wish.target)} is open already")
    return _operation(row)


async def decide(work: Transaction, id_: UUID, *, approve: bool, by: str) -> Operation:
    """Approve or decline a request; only another person than who asked may approve."""
    found = await get(work, id_, lock=True)
    if found.state != "requested":
        raise OperationDecided(f"operation {id_} is {found.state}")
    if approve and by == found.requested_by:
        raise OperationFourEyes("who asked for an operation may not approve it")
    row = await work.fetchrow(
        "UPDATE operation SET state = $2, decided_by = $3, decided_at = $4 "
        "WHERE id = $1 RETURNING *",
        id_,
        "approved" if approve else "declined",
        by if approve or by != found.requested_by else None,
        work.now,
    )
    return _expect(row, id_)


async def carried_out(
    work: Transaction, operation: Operation, figures: Mapping[str, int], *, service: str
) -> Operation:
    """Note what an operation did, and tell of it; a second note of the same changes nothing."""
    row = await work.fetchrow(
        "UPDATE operation SET state = 'done', result = $2, finished_at = $3 "
        "WHERE id = $1 AND state IN ('requested', 'approved') "
        "RETURNING *",
        operation.id,
        dict(figures),
        work.now,
    )
    if row is None:
        return await get(work, operation.id)
    done = _operation(row)
    event_type = EVENT_TYPES[f"{service}.operation.executed.v1"]
    told = {
        "operation_id": done.id,
        "kind": done.kind,
        "target": [{"name": name, "value": value} for name, value in done.target.items()],
        "reason": done.reason,
        "requested_by": done.requested_by,
        "decided_by": done.decided_by,
        "figures": [{"name": name, "count": count} for name, count in figures.items()],
    }
    work.publish(event_type.model_validate(told), sequence=1)
    return done


async def failed(work: Transaction, operation: Operation, why: Mapping[str, object]) -> None:
    """Note that an approved operation could not be carried out; it may be asked for again."""
    await work.execute(
        "UPDATE operation SET state = 'failed', result = $2, finished_at = $3 "
        "WHERE id = $1 AND state = 'approved'",
        operation.id,
        dict(why),
        work.now,
    )


async def get(work: Transaction, id_: UUID, *, lock: bool = False) -> Operation:
    """Return a request, locked if it is to be changed; raises :class:`OperationUnknown`."""
    found = "SELECT * FROM operation WHERE id = $1"
    row = await work.fetchrow(f"{found} FOR UPDATE" if lock else found, id_)
    return _expect(row, id_)


async def approved(work: Transaction, *, limit: int) -> list[Operation]:
    """Return what is to be carried out, oldest decision first."""
    rows = await work.fetch(
        "SELECT * FROM operation WHERE state = 'approved' ORDER BY decided_at, id LIMIT $1",
        limit,
    )
    return [_operation(row) for row in rows]


async def page(work: Transaction, *, after: UUID | None, limit: int) -> list[Operation]:
    """Return requests, the newest first; one more than ``limit`` tells that more follow."""
    rows = await work.fetch(
        "SELECT * FROM operation WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2",
        after,
        limit + 1,
    )
    return [_operation(row) for row in rows]


def _expect(row: Row | None, id_: UUID) -> Operation:
    if row is None:
        raise OperationUnknown(f"no operation {id_}")
    return _operation(row)


def _operation(row: Row) -> Operation:
    return Operation(**dict(row))
