"""What waits for the broker, counted within a bound: a long outage must not make it slow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.db.database import Transaction
from shared.messaging.leases import LOCK_CLASS

COUNTED_ROWS = 1_000_000

_BACKLOG = """
    SELECT
        (SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS counted) AS depth,
        (SELECT recorded_at FROM outbox ORDER BY position LIMIT 1) AS oldest_at,
        (SELECT count(*) FROM (SELECT FROM outbox_scheduled LIMIT $1) AS counted) AS scheduled,
        (SELECT count(*) FROM outbox_scheduled WHERE not_before <= $2) AS due,
        (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = $3 AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        ) AS shards_held
"""
_BY_TOPIC = """
    SELECT topic, count(*) AS events
    FROM (SELECT topic FROM outbox ORDER BY position LIMIT $1) AS counted
    GROUP BY topic ORDER BY events DESC, topic
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """A service's outbox at a glance."""

    depth: int
    limit: int
    oldest_at: datetime | None
    scheduled: int
    due: int
    shards_held: int
    topics: Mapping[str, int]


async def backlog(work: Transaction, *, limit: int) -> Backlog:
    """Read the backlog; ``limit`` is the depth at which writes are refused."""
    row = await work.fetchrow(_BACKLOG, COUNTED_ROWS, work.now, LOCK_CLASS)
    topics = await work.fetch(_BY_TOPIC, COUNTED_ROWS)
    found = {} if row is None else dict(row)
    return Backlog(
        **found, limit=limit, topics={entry["topic"]: entry["events"] for entry in topics}
    )
