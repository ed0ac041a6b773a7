"""Leases of relay shards: session advisory locks on a connection of their own.

The lock ends with the session, however the session ends, so a dead relay's shards are free as soon
as PostgreSQL notices, and another relay takes them on its next round.
"""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Any, Self, TypeVar

import asyncpg

from shared.db.database import Row
from shared.db.outbox import SHARDS
from shared.db.waking import CHANNEL, NOTIFY
from shared.messaging import limits

LOCK_CLASS = 0x746F6E67
"""First half of the advisory lock's key; the second half is the shard."""

TRY_LOCKS = "SELECT shard FROM unnest($2::integer[]) AS shard WHERE pg_try_advisory_lock($1, shard)"
LAST_POSITION = "SELECT last_value - (NOT is_called)::integer FROM outbox_position_seq"
"""A sequence that was never called says 1 although nobody took position 1 yet."""
OWN_XID = "SELECT pg_current_xact_id()::text::bigint"
OLDEST_RUNNING_XID = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"

SERVER_SETTINGS = {
    "timezone": "UTC",
    "application_name": "tongzhou-relay",
    # A plan made while the outbox was empty would sort a whole backlog for every page.
    "plan_cache_mode": "force_custom_plan",
    "enable_sort": "off",
    "enable_seqscan": "off",
    # A machine that is gone says no farewell: its locks must not wait two hours for the system's
    # own keepalive.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
LATE_COMMIT = {"synchronous_commit": "off"}
"""Deletes need not wait for the disk: one lost in a crash of the server sends its event again,
which consumers drop, and every relay's low-water hint ends with its session."""

_LOST = (asyncpg.InterfaceError, asyncpg.InternalClientError)

T = TypeVar("T")


class LeaseLost(Exception):
    """The session that held the locks is gone; another relay may hold the shards by now."""


class Lease:
    """One relay's session: its locks, its reads and its deletes."""

    def __init__(
        self, reading: "asyncpg.Connection[Row]", deleting: "asyncpg.Connection[Row]"
    ) -> None:
        """The reading connection holds the locks; deletes run beside it on the other."""
        self._reading = reading
        self._deleting = deleting
        self._shards: list[int] = []
        self._next_check = 0.0
        self._candidate: tuple[int, int] | None = None
        self._settled = 0
        self._next_bound = 0.0
        self.hint = 0
        """Positions up to here are settled and gone: reads start above it."""
        self.hears = False
        """Whether a notification has come through: a pooler between would swallow them."""

    @classmethod
    async def open(cls, dsn: str) -> Self:
        """Connect; no shard is held yet."""
        reading = await asyncpg.connect(dsn, timeout=5, server_settings=SERVER_SETTINGS)
        deleting = await asyncpg.connect(
            dsn, timeout=5, server_settings={**SERVER_SETTINGS, **LATE_COMMIT}
        )
        return cls(reading, deleting)

    async def listen(self, wake: asyncio.Event) -> None:
        """Set ``wake`` whenever a process says that it has committed events."""

        def heard(*_: object) -> None:
            self.hears = True
            wake.set()

        await self._bounded(self._reading.add_listener(CHANNEL, heard))
        await self._bounded(self._deleting.execute(NOTIFY))

    async def hold(self) -> list[int]:
        """Return the shards held, trying once a second for those that another relay has."""
        if time.monotonic() >= self._next_check:
            wanted = [shard for shard in range(SHARDS) if shard not in self._shards]
            if wanted:
                rows = await self.fetch(TRY_LOCKS, LOCK_CLASS, wanted)
                self._shards = sorted([*self._shards, *(row["shard"] for row in rows)])
                if rows:
                    # Rows of a shard that was another's may lie below what was settled for ours.
                    self._candidate, self._settled, self.hint = None, 0, 0
            self._next_check = time.monotonic() + limits.LEASE_CHECK_S
        return self._shards

    async def settled_position(self) -> int | None:
        """Return a position up to which nothing can still commit, if one is known.

        First the sequence's last value is read, then an xid of our own is taken: whoever took a
        position up to that value had an xid before, so below ours. Once every xid below ours has
        ended, those positions are settled. One round asks, a later one (a second on) learns.
        """
        if time.monotonic() >= self._next_bound:
            self._next_bound = time.monotonic() + limits.LEASE_CHECK_S
            if self._candidate is not None:
                oldest = (await self.fetch(OLDEST_RUNNING_XID))[0][0]
                if oldest >= self._candidate[1]:
                    self._settled, self._candidate = self._candidate[0], None
            if self._candidate is None:
                last = (await self.fetch(LAST_POSITION))[0][0]
                self._candidate = (last, (await self.fetch(OWN_XID))[0][0])
        return self._settled or None

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """Run a query on the session that holds the locks."""
        return await self._bounded(self._reading.fetch(sql, *args))

    async def execute(self, sql: str, *args: object) -> None:
        """Run a statement on the session that holds the locks."""
        await self._bounded(self._reading.execute(sql, *args))

    async def delete(self, positions: Sequence[int]) -> None:
        """Forget rows that the broker has: by id, because lower positions may commit later."""
        await self._bounded(
            self._deleting.execute(
                "DELETE FROM outbox WHERE position = ANY($1::bigint[])", positions
            )
        )

    @staticmethod
    async def _bounded(call: Coroutine[Any, Any, T]) -> T:
        """A frozen server must not hold the relay: it starts over on new connections."""
        try:
            async with asyncio.timeout(limits.STATEMENT_DEADLINE_S):
                return await call
        except (TimeoutError, *_LOST, OSError) as error:
            raise LeaseLost(type(error).__name__) from error

    def abandon(self) -> None:
        """Drop both sessions at once: the locks go with them."""
        self._reading.terminate()
        self._deleting.terminate()
