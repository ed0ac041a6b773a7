"""Park what cannot be applied, with its key: later events of the key queue behind, others flow."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.db.database import Row, Transaction
from shared.errors import DomainError, Transient
from shared.messaging.records import Record, SequenceGap

QUEUED = "queued-behind"
"""The reason of an event that is itself fine and waits for its key."""

DRAINING = "draining"
"""The reason of a key whose cause is gone and whose queue is being applied, part by part."""


class ParkingFull(Transient):
    """So many keys of a topic are parked that the next failure stops it: a defect hits them all."""

    code = "parking-full"
    title_zh = "搁置的键已达上限"
    title_en = "As many keys are parked as are allowed"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a record is parked; equal failures share a fingerprint."""

    reason: str
    error: str
    fingerprint: str


def failure_of(error: BaseException, *, event_type: str) -> Failure:
    """Describe an error: its stable code, its sentence, and a fingerprint to group it by."""
    reason = error.code if isinstance(error, DomainError) else type(error).__name__
    text = f"{type(error).__name__}: {error}"
    digest = hashlib.sha256(f"{event_type}|{reason}".encode()).hexdigest()
    return Failure(reason=reason, error=text[:2000], fingerprint=digest[:16])


async def parked_keys(
    work: Transaction, consumer: str, topic: str, keys: Iterable[str]
) -> dict[str, str]:
    """Lock and return the parked keys among ``keys`` with their reasons.

    The lock makes a redrive and the live consumer take turns on a key.
    """
    rows = await work.fetch(
        "SELECT key, reason FROM parked_key "
        "WHERE consumer = $1 AND topic = $2 AND key = ANY($3::text[]) ORDER BY key FOR UPDATE",
        consumer,
        topic,
        sorted(set(keys)),
    )
    return {row["key"]: row["reason"] for row in rows}


async def park(work: Transaction, consumer: str, record: Record, failure: Failure) -> None:
    """Keep the record as it came, and hold its key."""
    await work.execute(
        "INSERT INTO parked_key (consumer, topic, key, reason, fingerprint, parked_at) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        consumer,
        record.topic,
        record.key,
        failure.reason,
        failure.fingerprint,
        work.now,
    )
    await _store(work, consumer, record, failure)


async def queue_behind(work: Transaction, consumer: str, record: Record) -> None:
    """Keep a record whose key is already held."""
    await _store(work, consumer, record, Failure(QUEUED, "the key is parked", QUEUED))


async def _store(work: Transaction, consumer: str, record: Record, failure: Failure) -> None:
    await work.execute(
        "INSERT INTO parked_event (consumer, topic, partition, record_offset, key, header_names, "
        "header_values, payload, reason, error, fingerprint, parked_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
        consumer,
        record.topic,
        record.partition,
        record.offset,
        record.key,
        list(record.headers.keys()),
        list(record.headers.values()),
        record.value,
        failure.reason,
        failure.error,
        failure.fingerprint,
        work.now,
    )


async def queue_of(
    work: Transaction, consumer: str, topic: str, key: str, *, limit: int
) -> list[Record]:
    """Return a key's first parked records in the order in which they came."""
    rows = await work.fetch(
        "SELECT topic, partition, record_offset, key, header_names, header_values, payload "
        "FROM parked_event WHERE consumer = $1 AND topic = $2 AND key = $3 "
        "ORDER BY record_offset LIMIT $4",
        consumer,
        topic,
        key,
        limit,
    )
    return [_record(row) for row in rows]


async def keys_held_for(
    work: Transaction,
    consumer: str,
    reasons: Iterable[str],
    *,
    after: tuple[str, str],
    limit: int,
) -> list[tuple[str, str]]:
    """Return (topic, key) of the next keys that are held for one of the reasons."""
    rows = await work.fetch(
        "SELECT topic, key FROM parked_key WHERE consumer = $1 AND reason = ANY($2::text[]) "
        "AND (topic, key) > ($3, $4) ORDER BY topic, key LIMIT $5",
        consumer,
        list(reasons),
        *after,
        limit,
    )
    return [(row["topic"], row["key"]) for row in rows]


async def count_keys_of(work: Transaction, consumer: str, topic: str, *, most: int) -> int:
    """Count the keys of a topic that are held, up to ``most``."""
    count: int = await work.fetchval(
        "SELECT count(*) FROM "
        "(SELECT FROM parked_key WHERE consumer = $1 AND topic = $2 LIMIT $3) AS held",
        consumer,
        topic,
        most,
    )
    return count


async def count_held(work: Transaction) -> tuple[int, int]:
    """Count the keys that are held in this database, and those of them for a missing event."""
    row = await work.fetchrow(
        "SELECT count(*) AS held, count(*) FILTER (WHERE reason = $1) AS gaps FROM parked_key",
        SequenceGap.code,
    )
    return (0, 0) if row is None else (row["held"], row["gaps"])


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A key that is held: why, since when, and what waits."""

    topic: str
    key: str
    reason: str
    fingerprint: str
    parked_at: datetime
    waiting: int
    event_type: str
    error: str


async def held_keys(
    work: Transaction,
    consumer: str,
    *,
    after: tuple[str, str] = ("", ""),
    limit: int,
    topic: str | None = None,
    key: str | None = None,
    fingerprint: str | None = None,
) -> list[HeldKey]:
    """Return the keys that are held, with the event at the head of each queue."""
    rows = await work.fetch(
        "SELECT held.topic, held.key, held.reason, held.fingerprint, held.parked_at, "
        "queue.waiting, head.event_type, head.error FROM parked_key AS held "
        "CROSS JOIN LATERAL (SELECT count(*) AS waiting FROM parked_event AS e "
        "WHERE (e.consumer, e.topic, e.key) = (held.consumer, held.topic, held.key)) AS queue "
        "LEFT JOIN LATERAL (SELECT header_values[array_position(header_names, 'ce_type')] "
        "AS event_type, error FROM parked_event AS e "
        "WHERE (e.consumer, e.topic, e.key) = (held.consumer, held.topic, held.key) "
        "ORDER BY record_offset LIMIT 1) AS head ON true "
        "WHERE held.consumer = $1 AND (held.topic, held.key) > ($2, $3) "
        "AND ($4::text IS NULL OR held.topic = $4) "
        "AND ($5::text IS NULL OR held.fingerprint = $5) "
        "AND ($6::text IS NULL OR held.key = $6) "
        "ORDER BY held.topic, held.key LIMIT $7",
        consumer,
        *after,
        topic,
        fingerprint,
        key,
        limit,
    )
    return [_held(row) for row in rows]


def _held(row: Row) -> HeldKey:
    named = {name: value for name, value in row.items() if name not in {"event_type", "error"}}
    event_type = (row["event_type"] or b"").decode("utf-8", "replace")
    return HeldKey(**named, event_type=event_type, error=row["error"] or "")


def _record(row: Row) -> Record:
    return Record(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["record_offset"],
        key=row["key"],
        headers=dict(zip(row["header_names"], row["header_values"], strict=True)),
        value=row["payload"],
    )


async def unpark(work: Transaction, consumer: str, record: Record) -> None:
    """Forget a record that has been applied."""
    await work.execute(
        "DELETE FROM parked_event "
        "WHERE consumer = $1 AND topic = $2 AND partition = $3 AND record_offset = $4",
        consumer,
        record.topic,
        record.partition,
        record.offset,
    )


async def hold(work: Transaction, consumer: str, record: Record, failure: Failure) -> None:
    """Say why a key is still held: its first record failed for this reason."""
    await work.execute(
        "UPDATE parked_key SET reason = $4, fingerprint = $5 "
        "WHERE consumer = $1 AND topic = $2 AND key = $3",
        consumer,
        record.topic,
        record.key,
        failure.reason,
        failure.fingerprint,
    )
    await work.execute(
        "UPDATE parked_event SET reason = $5, error = $6, fingerprint = $7 "
        "WHERE consumer = $1 AND topic = $2 AND partition = $3 AND record_offset = $4",
        consumer,
        record.topic,
        record.partition,
        record.offset,
        failure.reason,
        failure.error,
        failure.fingerprint,
    )


async def go_on_later(work: Transaction, consumer: str, topic: str, key: str) -> None:
    """Say that a key is held only because more of its queue is to be applied."""
    await work.execute(
        "UPDATE parked_key SET reason = $4, fingerprint = $4 "
        "WHERE consumer = $1 AND topic = $2 AND key = $3",
        consumer,
        topic,
        key,
        DRAINING,
    )


async def release(work: Transaction, consumer: str, topic: str, key: str) -> None:
    """Let a key flow again: nothing is queued for it any more."""
    await work.execute(
        "DELETE FROM parked_key WHERE consumer = $1 AND topic = $2 AND key = $3",
        consumer,
        topic,
        key,
    )
