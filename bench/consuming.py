"""A consumer's work without a broker: ``python -m bench.consuming DSN WAY SIZE COUNT``.

``applier`` applies records in batches of one partition, as the running consumer does, from what the
client hands over to the commit; ``driver`` sends the same statements with values worked out before.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import asyncpg
import uvloop

from bench import load
from shared import telemetry
from shared.db.database import Database, Transaction
from shared.events import wire
from shared.events.envelope import Event, Received
from shared.events.registry import EnterpriseRegistered
from shared.messaging.apply import Applier
from shared.messaging.kafka import ConsumerRecord
from shared.messaging.records import record_of
from shared.runner import collect_rarely

EFFECT_TABLE = (
    "CREATE TABLE effect (event_id uuid NOT NULL, subject text NOT NULL, sequence bigint)"
)
NOTE = "INSERT INTO effect (event_id, subject, sequence) VALUES ($1, $2, $3)"
CONSUMER = "bench"


async def note(work: Transaction, received: Received[Event]) -> None:
    """Write one row per event."""
    await work.execute(NOTE, received.id, received.subject, received.sequence)


def raw_records(count: int) -> list[Any]:
    """Make events as the client hands them over for one partition."""
    return handed_over(load.make(count).rows)


def handed_over(rows: Sequence[tuple[object, ...]]) -> list[Any]:
    """Return rows of the outbox as the client hands them over for one partition."""
    made = []
    for offset, row in enumerate(rows):
        headers = wire.decoded(cast("bytes", row[7]))
        key, value = str(row[2]).encode(), cast("bytes", row[8])
        sizes = (None, len(key), len(value))
        made.append(ConsumerRecord(load.TOPIC, 0, offset, 0, 0, key, value, *sizes, headers))
    return made


async def applied(dsn: str, raw: Sequence[Any], size: int) -> None:
    """Apply the records in batches."""
    database = Database(dsn)
    await database.open()
    applier = Applier(database, CONSUMER, {EnterpriseRegistered: note})
    for start in range(0, len(raw), size):
        await applier.apply([record_of(record) for record in raw[start : start + size]])
    await database.close()


@dataclass(frozen=True, slots=True)
class Known:
    """An event's values, worked out before the clock starts."""

    event_id: UUID
    subject: str
    sequence: int


async def driven(dsn: str, events: Sequence[Known], size: int) -> None:
    """Send the statements that the applier sends, in the same order, and nothing else."""
    connection = await asyncpg.connect(dsn)
    place = (CONSUMER, load.TOPIC, 0)
    aggregate = EnterpriseRegistered.aggregate()
    for start in range(0, len(events), size):
        batch = events[start : start + size]
        subjects = sorted({event.subject for event in batch})
        last = {event.subject: event.sequence for event in batch}
        aggregates = [aggregate] * len(subjects)
        await connection.execute("BEGIN; SELECT pg_current_xact_id()")
        await connection.fetchval(FENCE, *place)
        await connection.fetch(PARKED, CONSUMER, load.TOPIC, subjects)
        await connection.fetch(WATERMARKS, CONSUMER, aggregates, subjects)
        for event in batch:
            await connection.execute(NOTE, event.event_id, event.subject, event.sequence)
        sequences = [last[subject] for subject in subjects]
        await connection.execute(ADVANCE, CONSUMER, aggregates, subjects, sequences)
        await connection.execute(MOVE, *place, start + len(batch), load.RECORDED_AT)
        await connection.execute("COMMIT")
    await connection.close()


FENCE = """
    SELECT next_offset FROM consumer_offset
    WHERE consumer = $1 AND topic = $2 AND partition = $3 FOR UPDATE
"""
PARKED = """
    SELECT key, reason FROM parked_key
    WHERE consumer = $1 AND topic = $2 AND key = ANY($3::text[]) ORDER BY key FOR UPDATE
"""
WATERMARKS = """
    SELECT aggregate, subject, last_sequence FROM consumer_watermark
    JOIN unnest($2::text[], $3::text[]) AS wanted(aggregate, subject)
    USING (aggregate, subject) WHERE consumer = $1
"""
ADVANCE = """
    INSERT INTO consumer_watermark (consumer, aggregate, subject, last_sequence)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[])
    ON CONFLICT (consumer, aggregate, subject)
    DO UPDATE SET last_sequence = excluded.last_sequence
    WHERE consumer_watermark.last_sequence < excluded.last_sequence
"""
MOVE = """
    UPDATE consumer_offset SET next_offset = $4, updated_at = $5
    WHERE consumer = $1 AND topic = $2 AND partition = $3
"""


async def main(dsn: str, way: str, size: int, count: int) -> None:
    """Do the work and print what it took."""
    raw = raw_records(count)
    events = [_known(record) for record in raw]
    collect_rarely()
    began, spent = time.perf_counter(), time.process_time()
    if way == "applier":
        await applied(dsn, raw, size)
    else:
        await driven(dsn, events, size)
    seconds, cpu = time.perf_counter() - began, time.process_time() - spent
    sys.stdout.write(json.dumps({"seconds": seconds, "cpu": cpu}) + "\n")


def _known(raw: Any) -> Known:  # noqa: ANN401 - aiokafka has no types
    headers = dict(raw.headers)
    event_id, sequence = headers["ce_id"].decode(), int(headers["ce_sequence"])
    return Known(UUID(event_id), headers["ce_subject"].decode(), sequence)


if __name__ == "__main__":
    telemetry.set_up("bench", otlp_endpoint=None)
    _, to_dsn, how, of_size, number = sys.argv
    uvloop.run(main(to_dsn, how, int(of_size), int(number)))
