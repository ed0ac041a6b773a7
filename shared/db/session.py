"""One session of its own, whose temporary tables stand before the real ones of the same names.

Code that writes to a table then writes to its shadow; everything in shadows goes with the session.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Self

import asyncpg

from shared.clock import Clock
from shared.db.database import SERVER_SETTINGS, Database, Row, Transaction, prepare_connection
from shared.events.envelope import Cause

STATEMENT_MS = "60000"
SHADOW_DEADLINE_S = 60.0


class ShadowSession(Database):
    """A database of one session. Within :meth:`whole` its units of work are parts of one."""

    def __init__(self, connection: "asyncpg.Connection[Row]", read_clock: Clock) -> None:
        """Made by :meth:`open`."""
        super().__init__("", read_clock=read_clock)
        self._session = connection
        self._is_part = False

    @classmethod
    async def opened(cls, dsn: str, *, read_clock: Clock) -> Self:
        """Connect as the role of ``dsn``, which must be allowed to make temporary tables."""
        settings = {**SERVER_SETTINGS, "statement_timeout": STATEMENT_MS}
        connection = await asyncpg.connect(dsn, timeout=5, server_settings=settings)
        await prepare_connection(connection)
        return cls(connection, read_clock)

    async def shadow(self, tables: Iterable[str]) -> None:
        """Give this session an empty table of its own for each; names are the code's own."""
        for table in tables:
            await self._session.execute(
                f'CREATE TEMPORARY TABLE "{table}" (LIKE public."{table}" INCLUDING ALL)'
            )

    @asynccontextmanager
    async def transaction(
        self, *, cause: Cause | None = None, deadline_s: float = SHADOW_DEADLINE_S
    ) -> AsyncIterator[Transaction]:
        """Run one unit of work, as :class:`Database` does, or as a part of the whole."""
        words = ("SAVEPOINT part", "RELEASE SAVEPOINT part", "ROLLBACK TO SAVEPOINT part")
        begin, end, undo = words if self._is_part else ("BEGIN", "COMMIT", "ROLLBACK")
        work = self._work(cause)
        async with asyncio.timeout(deadline_s):
            await self._session.execute(begin)
            try:
                yield work
                await work.flush()
            except Exception:
                await self._session.execute(undo)
                raise
            await self._session.execute(end)

    @asynccontextmanager
    async def whole(self) -> AsyncIterator[Transaction]:
        """Begin a unit of work that the ones begun within it are parts of."""
        async with self.transaction() as work:
            self._is_part = True
            try:
                yield work
            finally:
                self._is_part = False

    def _work(self, cause: Cause | None) -> Transaction:
        return Transaction(
            self._session,
            now=self._clock(),
            new_id=self._new_id,
            cause=cause or self.new_cause(),
        )

    async def close(self) -> None:
        """End the session and its tables, at once."""
        self._session.terminate()
