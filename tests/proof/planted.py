"""Relays as they are often written, each of which the oracle must find out.

They move a page at each :meth:`step`, so that a test can put another transaction's commit between
two of them: an interleaving that a busy system meets by itself is then met every time.
"""

from collections.abc import Sequence
from typing import Protocol

import asyncpg

from shared.db.database import Row
from shared.messaging.kafka import AIOKafkaProducer
from shared.messaging.relay import _send as send

PAGE_ROWS = 50
WORKERS = 4

BY_POSITION = """
    SELECT position, topic, key, headers, payload, recorded_at FROM outbox
    WHERE position > $1 ORDER BY position LIMIT $2
"""
BELOW_HORIZON = """
    SELECT xmin::text::bigint AS xid, position, topic, key, headers, payload, recorded_at
    FROM outbox
    WHERE (xmin::text::bigint, position) > ($1, $2)
        AND xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY xmin::text::bigint, position LIMIT $3
"""
UNLOCKED = """
    SELECT position, topic, key, headers, payload, recorded_at FROM outbox
    ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED
"""
FORGET = "DELETE FROM outbox WHERE position = ANY($1::bigint[])"


class Planted(Protocol):
    """A relay that moves when told to."""

    async def open(self, dsn: str) -> None:
        """Connect."""

    async def step(self, producer: AIOKafkaProducer) -> int:
        """Send what it finds; returns how many rows that were."""

    async def close(self) -> None:
        """Disconnect."""


class OneSession:
    """A relay with one connection."""

    _session: "asyncpg.Connection[Row]"

    async def open(self, dsn: str) -> None:
        """Connect."""
        self._session = await asyncpg.connect(dsn)

    async def close(self) -> None:
        """Disconnect."""
        await self._session.close()


class IdCursor(OneSession):
    """Remembers the last position and reads on from there."""

    def __init__(self) -> None:
        """Begin at the beginning."""
        self._cursor = 0

    async def step(self, producer: AIOKafkaProducer) -> int:
        """Send what lies above the cursor, and move it."""
        rows = await self._session.fetch(BY_POSITION, self._cursor, PAGE_ROWS)
        await send(producer, rows)
        if rows:
            self._cursor = rows[-1]["position"]
        return len(rows)


class XidHorizon(OneSession):
    """Reads in the order of transaction ids, below the oldest one that still runs."""

    def __init__(self) -> None:
        """Begin at the beginning."""
        self._cursor = (0, 0)

    async def step(self, producer: AIOKafkaProducer) -> int:
        """Send what lies above the cursor and below the horizon."""
        rows = await self._session.fetch(BELOW_HORIZON, *self._cursor, PAGE_ROWS)
        await send(producer, rows)
        if rows:
            self._cursor = (rows[-1]["xid"], rows[-1]["position"])
        return len(rows)


class SkipLocked:
    """Several workers, each claiming the first rows that no other has claimed."""

    def __init__(self) -> None:
        """Have no worker yet."""
        self._sessions: list[asyncpg.Connection[Row]] = []

    async def open(self, dsn: str) -> None:
        """Connect each worker."""
        self._sessions = [await asyncpg.connect(dsn) for _ in range(WORKERS)]

    async def step(self, producer: AIOKafkaProducer) -> int:
        """Let every worker claim a page, and the last one be the fastest to send."""
        claims: list[Sequence[Row]] = []
        for session in self._sessions:
            await session.execute("BEGIN")
            claims.append(await session.fetch(UNLOCKED, PAGE_ROWS))
        for session, rows in reversed(list(zip(self._sessions, claims, strict=True))):
            await send(producer, rows)
            positions = [row["position"] for row in rows]
            await session.execute(
                "DELETE FROM outbox WHERE position = ANY($1::bigint[])", positions
            )
            await session.execute("COMMIT")
        return sum(len(rows) for rows in claims)

    async def close(self) -> None:
        """Disconnect."""
        for session in self._sessions:
            await session.close()
