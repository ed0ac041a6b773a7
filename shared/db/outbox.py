"""Write events into the outbox, as the last rows of a transaction."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from shared.errors import ensure
from shared.events import wire
from shared.events.envelope import Cause, Event, headers_of

if TYPE_CHECKING:
    import asyncpg

    Found = asyncpg.Record

SHARDS = 16
MAX_PAYLOAD_BYTES = 131_072
"""Half of what one batch to the broker holds: a larger event would stop the relay."""
_CHUNK = 64
_OUTBOX_COLUMNS = (
    "shard",
    "topic",
    "key",
    "event_id",
    "type",
    "subject",
    "sequence",
    "headers",
    "payload",
    "recorded_at",
)
_SCHEDULED_COLUMNS = (
    "shard",
    "topic",
    "key",
    "event_id",
    "type",
    "subject",
    "not_before",
    "headers",
    "payload",
    "recorded_at",
)


@dataclass(frozen=True, slots=True)
class Row:
    """An event as it will be written: into the outbox, or among the scheduled ones."""

    scheduled: bool
    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """An event with what its envelope will say."""

    event: Event
    event_id: UUID
    sequence: int | None
    not_before: datetime | None
    recorded_at: datetime
    cause: Cause
    traceparent: str | None


def shard_of(key: str) -> int:
    """Tell which relay shard ships a key: one key is always on one shard."""
    return zlib.crc32(key.encode()) % SHARDS


async def insert_rows(
    connection: "asyncpg.pool.PoolConnectionProxy[Found] | asyncpg.Connection[Found]",
    rows: Sequence[Row],
) -> None:
    """Insert the rows in order; positions follow the order of the list."""
    for table, columns, scheduled in (
        ("outbox", _OUTBOX_COLUMNS, False),
        ("outbox_scheduled", _SCHEDULED_COLUMNS, True),
    ):
        wanted = [row.values for row in rows if row.scheduled is scheduled]
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            arguments = [value for values in chunk for value in values]
            await connection.execute(_insert(table, columns, len(chunk)), *arguments)


def row_of(draft: Draft) -> Row:
    """Serialise a draft when it is made: whoever publishes what cannot be sent learns it there."""
    event = draft.event
    payload = event.model_dump_json().encode()
    ensure(len(payload) <= MAX_PAYLOAD_BYTES, f"{event.TYPE} fits into one record")
    headers = headers_of(
        event,
        event_id=draft.event_id,
        sequence=draft.sequence,
        recorded_at=draft.recorded_at,
        cause=draft.cause,
        traceparent=draft.traceparent,
    )
    ensure(
        draft.sequence is None or draft.not_before is None,
        "a scheduled event has no sequence: it leaves after events written later",
    )
    values = (
        shard_of(event.key),
        event.topic(),
        event.key,
        draft.event_id,
        event.TYPE,
        event.subject,
        draft.sequence if draft.not_before is None else draft.not_before,
        wire.encoded(headers),
        payload,
        draft.recorded_at,
    )
    return Row(scheduled=draft.not_before is not None, values=values)


@cache
def _insert(table: str, columns: tuple[str, ...], count: int) -> str:
    width = len(columns)
    rows = ", ".join(
        "(" + ", ".join(f"${row * width + place + 1}" for place in range(width)) + ")"
        for row in range(count)
    )
    # Both names are this module's own constants; every value is a parameter.
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {rows}"  # noqa: S608
