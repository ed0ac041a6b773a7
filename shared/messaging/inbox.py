"""What a consumer remembers, in its own database: offsets, watermarks, events without sequence."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from shared.db.database import Transaction


async def fence(work: Transaction, consumer: str, topic: str, partition: int) -> int:
    """Lock the partition's stored offset and return it; a stale owner finds it moved on."""
    stored: int | None = await work.fetchval(
        "SELECT next_offset FROM consumer_offset "
        "WHERE consumer = $1 AND topic = $2 AND partition = $3 FOR UPDATE",
        consumer,
        topic,
        partition,
    )
    if stored is not None:
        return stored
    await work.execute(
        "INSERT INTO consumer_offset (consumer, topic, partition, next_offset, updated_at) "
        "VALUES ($1, $2, $3, 0, $4) ON CONFLICT DO NOTHING",
        consumer,
        topic,
        partition,
        work.now,
    )
    return await fence(work, consumer, topic, partition)


async def store_offset(
    work: Transaction, consumer: str, topic: str, partition: int, next_offset: int
) -> None:
    """Move the stored offset, in the same transaction as the effects before it."""
    await work.execute(
        "UPDATE consumer_offset SET next_offset = $4, updated_at = $5 "
        "WHERE consumer = $1 AND topic = $2 AND partition = $3",
        consumer,
        topic,
        partition,
        next_offset,
        work.now,
    )


async def stored_offsets(
    work: Transaction, consumer: str, topics: Sequence[str]
) -> dict[tuple[str, int], int]:
    """Return where each partition goes on."""
    rows = await work.fetch(
        "SELECT topic, partition, next_offset FROM consumer_offset "
        "WHERE consumer = $1 AND topic = ANY($2::text[])",
        consumer,
        list(topics),
    )
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


class Watermarks:
    """The last sequence applied per aggregate: never expires, so no duplicate is ever too old."""

    def __init__(self, consumer: str) -> None:
        """Remember nothing yet; :meth:`load` reads what a batch needs."""
        self._consumer = consumer
        self._last: dict[tuple[str, str], int] = {}
        self._changed: set[tuple[str, str]] = set()

    async def load(self, work: Transaction, aggregates: Iterable[tuple[str, str]]) -> None:
        """Read the watermarks of (aggregate type, subject) pairs not yet read."""
        missing = sorted(set(aggregates) - self._last.keys())
        if not missing:
            return
        rows = await work.fetch(
            "SELECT aggregate, subject, last_sequence FROM consumer_watermark "
            "JOIN unnest($2::text[], $3::text[]) AS wanted(aggregate, subject) "
            "USING (aggregate, subject) WHERE consumer = $1",
            self._consumer,
            [aggregate for aggregate, _ in missing],
            [subject for _, subject in missing],
        )
        self._last.update(dict.fromkeys(missing, 0))
        self._last.update(
            {(row["aggregate"], row["subject"]): row["last_sequence"] for row in rows}
        )

    def knows(self, aggregate: str, subject: str) -> bool:
        """Tell whether a watermark has been read."""
        return (aggregate, subject) in self._last

    def last(self, aggregate: str, subject: str) -> int:
        """Return the last sequence applied; 0 before the first."""
        return self._last[aggregate, subject]

    def advance(self, aggregate: str, subject: str, sequence: int) -> None:
        """Note that a sequence was applied."""
        self._last[aggregate, subject] = sequence
        self._changed.add((aggregate, subject))

    async def save(self, work: Transaction) -> None:
        """Write what advanced."""
        changed = sorted(self._changed)
        if not changed:
            return
        await work.execute(
            "INSERT INTO consumer_watermark (consumer, aggregate, subject, last_sequence) "
            "SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[]) "
            "ON CONFLICT (consumer, aggregate, subject) "
            "DO UPDATE SET last_sequence = excluded.last_sequence "
            "WHERE consumer_watermark.last_sequence < excluded.last_sequence",
            self._consumer,
            [aggregate for aggregate, _ in changed],
            [subject for _, subject in changed],
            [self._last[pair] for pair in changed],
        )
        self._changed.clear()


async def first_sight(work: Transaction, consumer: str, event_id: UUID) -> bool:
    """Note an event that has no sequence; False means that it was here before."""
    tag = await work.execute(
        "INSERT INTO consumer_inbox (consumer, event_id, received_at) VALUES ($1, $2, $3) "
        "ON CONFLICT DO NOTHING",
        consumer,
        event_id,
        work.now,
    )
    return tag == "INSERT 0 1"
