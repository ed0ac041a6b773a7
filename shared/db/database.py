"""The database edge: pools, and the only place that begins and commits a transaction.

A unit of work carries its time, its ids and its cause, so that nothing below the edge reads a
clock. Events given to :meth:`Transaction.publish` are written last, after every business row: the
aggregate's row lock is then held before the outbox position is taken, so that positions follow lock
order per aggregate.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from shared import clock, ids
from shared.clock import Clock, business_date
from shared.db import outbox
from shared.db.bound import OutboxBound
from shared.db.waking import DEADLINE_S as WAKING_DEADLINE_S
from shared.db.waking import NOTIFY, Waker
from shared.errors import Transient, ensure
from shared.events.envelope import Cause, Event
from shared.ids import NewId
from shared.telemetry import current_traceparent

Row = asyncpg.Record

ACQUIRE_TIMEOUT_S = 2.0
DEADLINE_S = 10.0
IDLE_CONNECTION_S = 30.0
"""A connection that nobody used for so long is closed: each costs the server some ten megabytes."""
SERVER_SETTINGS = {
    "statement_timeout": "9000",
    "lock_timeout": "4000",
    "idle_in_transaction_session_timeout": "15000",
    "timezone": "UTC",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
"""Every wait has a bound on the server too, in milliseconds.

The server notices within twenty seconds that a client's machine is gone: its locks are then free.
"""

LOST_CONNECTION = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
)
"""Errors after which a connection's state is unknown and only a new one helps.

A server that ends an idle session says so before it closes the socket; the driver takes this for
the beginning of an answer, and calls the next query an internal error.
"""

PERHAPS_LOST = (asyncpg.InterfaceError, OSError)
"""Errors of a lost connection that code of ours can cause as well, by a wrong argument or file."""

OVERLOADED = (
    asyncpg.QueryCanceledError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""Errors of a server that is there but cannot do it now: too slow, too full, a standby."""

CONTENDED = (
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.SerializationError,
)
"""Errors of a unit of work that lost a row to another one: it was rolled back and may run again."""


class DatabaseUnavailable(Transient):
    """PostgreSQL did not answer in time, or closed the connection."""

    code = "database-unavailable"
    title_zh = "数据库暂不可用"
    title_en = "Database unavailable"


class DatabaseBusy(Transient):
    """Another unit of work held a row for too long, or the two waited for each other."""

    code = "database-busy"
    title_zh = "数据正被占用"
    title_en = "Database busy"


class Transaction:
    """One unit of work: SQL, its time, new ids, and the events it will publish."""

    def __init__(
        self,
        connection: "asyncpg.pool.PoolConnectionProxy[Row] | asyncpg.Connection[Row]",
        *,
        now: datetime,
        new_id: NewId,
        cause: Cause,
    ) -> None:
        """``now`` is the instant of the whole unit of work, aware, in UTC."""
        self._connection = connection
        self._new_id = new_id
        self._rows: list[outbox.Row] = []
        self._savepoints = 0
        self.now = now
        self.cause = cause

    @property
    def today(self) -> date:
        """The business date in Shanghai."""
        return business_date(self.now)

    def new_id(self) -> UUID:
        """Return a fresh id."""
        return self._new_id()

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """Run a query and return its rows."""
        return await self._connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        """Run a query and return its first row."""
        return await self._connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:  # noqa: ANN401 - any column's type
        """Run a query and return its first row's first column."""
        return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        """Run a statement and return its command tag, for example ``UPDATE 1``."""
        return await self._connection.execute(sql, *args)

    async def executemany(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement once per row, in one round trip."""
        await self._connection.executemany(sql, rows)

    def publish_all(self, events: Sequence[Event], *, after: int) -> int:
        """Record one event per version, the first as version ``after`` + 1; returns the last.

        An aggregate's version counts its events, so that a consumer can tell what it has missed.
        """
        for sequence, event in enumerate(events, after + 1):
            self.publish(event, sequence=sequence)
        return after + len(events)

    def publish(self, event: Event, *, sequence: int | None = None) -> UUID:
        """Record an event that leaves with this transaction; returns its id.

        ``sequence`` is the aggregate's version: one event per version, starting at 1. An event
        without one is deduplicated by its id instead.
        """
        return self._draft(event, sequence=sequence, not_before=None)

    def schedule(self, event: Event, *, not_before: datetime) -> UUID:
        """Record an event that leaves once its time has come; returns its id."""
        return self._draft(event, sequence=None, not_before=not_before)

    def _draft(self, event: Event, *, sequence: int | None, not_before: datetime | None) -> UUID:
        event_id = self._new_id()
        draft = outbox.Draft(
            event=event,
            event_id=event_id,
            sequence=sequence,
            not_before=not_before,
            recorded_at=self.now,
            cause=self.cause,
            traceparent=current_traceparent(),
        )
        self._rows.append(outbox.row_of(draft))
        return event_id

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo the rows and the events of the block when it raises; the rest of the work stays.

        Deferred constraints are checked at the block's end, so that what breaks one is undone too.
        """
        rows_before = len(self._rows)
        self._savepoints += 1
        name = f"savepoint_{self._savepoints}"
        await self._connection.execute(f"SAVEPOINT {name}")
        try:
            yield
            await self._connection.execute(
                "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; "
                f"RELEASE SAVEPOINT {name}"
            )
        except Exception:
            del self._rows[rows_before:]
            await self._connection.execute(f"ROLLBACK TO SAVEPOINT {name}")
            raise

    @property
    def publishes(self) -> bool:
        """Whether events have been recorded."""
        return bool(self._rows)

    async def flush(self) -> int:
        """Write the events; :class:`Database` calls it just before the commit."""
        rows, self._rows = self._rows, []
        await outbox.insert_rows(self._connection, rows)
        return len(rows)


class Database:
    """One service's pool of connections, used by commands, the consumer and reads."""

    def __init__(
        self,
        dsn: str,
        *,
        read_clock: Clock = clock.now,
        new_id: NewId = ids.new_id,
        max_connections: int = 10,
        bound: OutboxBound | None = None,
    ) -> None:
        """``dsn`` names the application role, which owns nothing."""
        self.dsn = dsn
        self._clock = read_clock
        self._new_id = new_id
        self._max_connections = max_connections
        self._pool: asyncpg.Pool[Row] | None = None
        self.bound = bound or OutboxBound()
        self.published = asyncio.Event()
        """Set after a commit that wrote events, so that a relay in this process wakes at once."""
        self._others = Waker(self._notify)

    async def open(self) -> None:
        """Create the pool, once; the first connection is made when it is first needed."""
        if self._pool is not None:
            return
        self._pool = await asyncpg.create_pool(
            self.dsn,
            min_size=0,
            max_size=self._max_connections,
            init=prepare_connection,
            reset=_keep_session,
            server_settings=SERVER_SETTINGS,
            timeout=5,
            max_inactive_connection_lifetime=IDLE_CONNECTION_S,
        )

    async def close(self) -> None:
        """Close the pool within a bound; what does not close is terminated."""
        if self._pool is None:
            return
        await self._others.close()
        pool, self._pool = self._pool, None
        try:
            async with asyncio.timeout(2):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    def new_cause(self) -> Cause:
        """Begin a new case."""
        return Cause(correlation=self._new_id())

    @asynccontextmanager
    async def transaction(
        self, *, cause: Cause | None = None, deadline_s: float = DEADLINE_S
    ) -> AsyncIterator[Transaction]:
        """Run one unit of work and commit it once; any exception rolls everything back.

        Raises :class:`DatabaseUnavailable` when PostgreSQL is lost or slower than ``deadline_s``,
        :class:`DatabaseBusy` when another unit of work held the same rows, and
        :class:`~shared.db.bound.OutboxFull` when too many events wait for the broker to add more.
        The outcome of a commit whose answer was lost is unknown: the caller tries again with the
        same idempotency key.
        """
        async with self._connection(deadline_s) as connection:
            work = Transaction(
                connection,
                now=self._clock(),
                new_id=self._new_id,
                cause=cause or self.new_cause(),
            )
            # The xid is taken before any outbox position: the relay's low-water mark rests on it.
            await connection.execute("BEGIN; SELECT pg_current_xact_id()")
            try:
                yield work
                if work.publishes:
                    self.bound.require_room()
                written = await work.flush()
            except Exception:
                await connection.execute("ROLLBACK")
                raise
            tag = await connection.execute("COMMIT")
            ensure(tag == "COMMIT", "a failed statement is never swallowed")
        if written:
            self.bound.written(written)
            self.published.set()
            self._others.tell()

    async def _notify(self) -> None:
        async with self._connection(WAKING_DEADLINE_S) as connection:
            await connection.execute(NOTIFY)

    @asynccontextmanager
    async def read(self, *, deadline_s: float = DEADLINE_S) -> AsyncIterator[Transaction]:
        """Read one consistent snapshot; writing or publishing in it fails."""
        async with self._connection(deadline_s) as connection:
            work = Transaction(
                connection, now=self._clock(), new_id=self._new_id, cause=self.new_cause()
            )
            await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield work
            except Exception:
                await connection.execute("ROLLBACK")
                raise
            await connection.execute("ROLLBACK")
            ensure(await work.flush() == 0, "a read publishes nothing")

    @asynccontextmanager
    async def _connection(
        self, deadline_s: float
    ) -> AsyncIterator["asyncpg.pool.PoolConnectionProxy[Row]"]:
        if self._pool is None:
            raise DatabaseUnavailable("the pool is not open")
        try:
            async with asyncio.timeout(ACQUIRE_TIMEOUT_S):
                connection = await self._pool.acquire()
        except (*LOST_CONNECTION, *PERHAPS_LOST) as error:
            raise DatabaseUnavailable("no database connection could be had") from error
        try:
            async with asyncio.timeout(deadline_s):
                yield connection
        except LOST_CONNECTION as error:
            _drop(connection)
            raise DatabaseUnavailable("the database connection was lost") from error
        except PERHAPS_LOST as error:
            if not _is_closed(connection):
                raise
            raise DatabaseUnavailable("the database connection was lost") from error
        except OVERLOADED as error:
            raise DatabaseUnavailable("the database cannot do this now") from error
        except CONTENDED as error:
            raise DatabaseBusy("another unit of work held the same rows") from error
        except asyncio.CancelledError:
            _drop(connection)
            raise
        finally:
            await self._pool.release(connection, timeout=1)


def _is_closed(connection: "asyncpg.pool.PoolConnectionProxy[Row]") -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # the pool has let go of it
        return True


def _drop(connection: "asyncpg.pool.PoolConnectionProxy[Row]") -> None:
    """Close the socket at once: a frozen server never answers a cancel request either."""
    with suppress(asyncpg.InterfaceError):  # the pool may have let go of it already
        connection.terminate()


async def prepare_connection(connection: "asyncpg.Connection[Row]") -> None:
    """Let JSON columns be read and written as values."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name,
            schema="pg_catalog",
            encoder=lambda value: orjson.dumps(value).decode(),
            decoder=orjson.loads,
        )


async def _keep_session(connection: "asyncpg.Connection[Row]") -> None:
    """Spare the reset round trip: nothing here changes a session beyond its transaction."""
