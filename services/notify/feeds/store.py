"""SQL of the feeds' logs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.notify.feeds.rules import Draft, Entry, Extent
from shared.db.database import Row, Transaction

APPEND = """
    WITH place AS (
        INSERT INTO feed (feed, newest) VALUES ($1, 1)
        ON CONFLICT (feed) DO UPDATE SET newest = feed.newest + 1 RETURNING newest
    )
    INSERT INTO feed_entry (feed, position, event_id, type, uscc, subject, state_key, correlation,
        traceparent, data, recorded_at, appended_at)
    SELECT $1, place.newest, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM place
"""
"""The feed's row stays locked until the commit, so positions have no gap and follow commits."""

PRUNE = """
    DELETE FROM feed_entry WHERE feed = $1 AND position = ANY (ARRAY (
        SELECT position FROM (
            SELECT position, lead(position) OVER (PARTITION BY state_key ORDER BY position) AS newer
            FROM feed_entry WHERE feed = $1
        ) AS entry WHERE newer IS NOT NULL AND position <= $2
    ))
"""
"""What nothing has superseded stays: it is the snapshot of all that came before.

One pass over the feed finds the others. A join of the feed with itself is quadratic wherever the
planner still takes it for a small one, and would end at the statement's time limit.
"""


ONE_WRITER = "SELECT pg_advisory_xact_lock(hashtextextended('notify feeds', 0))"
"""Batches of several partitions append to several feeds: without it they could lock the feeds'
rows in different orders and deadlock."""


async def append(work: Transaction, draft: Draft) -> None:
    """Append an entry at the feed's next position."""
    await work.execute(ONE_WRITER)
    data: Mapping[str, Any] = draft.data
    await work.execute(
        APPEND,
        draft.feed,
        draft.event_id,
        draft.type,
        draft.uscc,
        draft.subject,
        draft.state_key,
        draft.correlation,
        draft.traceparent,
        data,
        draft.recorded_at,
        work.now,
    )


async def extent(work: Transaction, feed: str) -> Extent:
    """Tell how far a feed reaches; a feed without entries reaches nowhere."""
    row = await work.fetchrow("SELECT newest, horizon FROM feed WHERE feed = $1", feed)
    return Extent() if row is None else Extent(newest=row["newest"], horizon=row["horizon"])


async def entries(work: Transaction, feed: str, *, after: int, limit: int) -> list[Entry]:
    """Read up to ``limit`` entries after a position, in order."""
    rows = await work.fetch(
        "SELECT position, event_id, type, uscc, subject, correlation, traceparent, data, "
        "recorded_at FROM feed_entry WHERE feed = $1 AND position > $2 ORDER BY position LIMIT $3",
        feed,
        after,
        limit,
    )
    return [_entry(row) for row in rows]


async def prune(work: Transaction, feed: str, *, before: datetime) -> tuple[Extent, int]:
    """Move the horizon past what was appended before an instant; returns how many entries went."""
    row = await work.fetchrow("SELECT newest, horizon FROM feed WHERE feed = $1 FOR UPDATE", feed)
    if row is None:
        return Extent(), 0
    past = await work.fetchval(
        "SELECT max(position) FROM feed_entry WHERE feed = $1 AND appended_at < $2", feed, before
    )
    horizon = max(row["horizon"], past or 0)
    await work.execute("UPDATE feed SET horizon = $2 WHERE feed = $1", feed, horizon)
    tag = await work.execute(PRUNE, feed, horizon)
    return Extent(newest=row["newest"], horizon=horizon), int(tag.removeprefix("DELETE "))


def _entry(row: Row) -> Entry:
    return Entry(**dict(row))
