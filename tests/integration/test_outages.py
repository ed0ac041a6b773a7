"""Connections dropped and servers away: what is refused meanwhile, and that all is well after."""

from collections.abc import AsyncIterator
from io import StringIO
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.stack import Stack
from shared.db.database import Database, DatabaseUnavailable
from tests.chaos.outages import Scene, drop_connections, freeze_database, scene, stop_broker
from tests.chaos.proxy import Behaviour, Postgres, Proxy
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.toy import SERVICE

pytestmark = pytest.mark.integration


@pytest.fixture
async def proxy(stack: Stack) -> AsyncIterator[Proxy]:
    """A proxy before the run's PostgreSQL."""
    made = Proxy(
        port=free_port(),
        upstream_port=stack.postgres.port,
        dialect=Postgres(),
    )
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def database(
    databases: Databases, clock: ManualClock, proxy: Proxy
) -> AsyncIterator[Database]:
    """A database of its own behind the proxy, with one connection at most."""
    async with databases.fresh(SERVICE) as dsns:
        made = Database(through(dsns.app, proxy), read_clock=clock, max_connections=1)
        await made.open()
        try:
            yield made
        finally:
            await made.close()


def through(dsn: str, proxy: Proxy) -> str:
    """Return the address of the same database behind a proxy."""
    parts = urlsplit(dsn)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@{LOOPBACK}:{proxy.port}"))


async def backend(database: Database) -> int:
    """Return the process that serves the pool's connection."""
    async with database.read() as work:
        pid: int = await work.fetchval("SELECT pg_backend_pid()")
    return pid


class TestDroppedConnection:
    async def test_is_refused_once_where_the_server_said_farewell_and_its_socket_stays(
        self, database: Database, proxy: Proxy, stack: Stack
    ) -> None:
        proxy.behave(Behaviour(linger=True))
        before = await backend(database)
        admin = await asyncpg.connect(stack.admin_dsn)
        try:
            await admin.execute("SELECT pg_terminate_backend($1, 5000)", before)
        finally:
            await admin.close()

        with pytest.raises(DatabaseUnavailable):
            await backend(database)

        assert await backend(database) != before


LIMIT_ROWS = 300


@pytest.fixture(scope="module")
async def made(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """Registry and notify on a stack of their own, under load, with a small bound of the outbox."""
    settings = {"TONGZHOU_OUTBOX_LIMIT_ROWS": str(LIMIT_ROWS)}
    directory = tmp_path_factory.mktemp("outages")
    async with scene(directory, StringIO(), clients=12, pause_s=0.05, settings=settings) as under:
        yield under


class TestOutagesUnderLoad:
    async def test_connections_that_break_cost_refusals_and_nothing_else(self, made: Scene) -> None:
        await drop_connections(made, times=6)

        assert made.violations == []

    async def test_a_frozen_database_is_answered_in_time_and_served_after(
        self, made: Scene
    ) -> None:
        await freeze_database(made, seconds=4)

        assert made.violations == []

    async def test_a_broker_that_is_away_is_waited_for_up_to_the_bound(self, made: Scene) -> None:
        figures = await stop_broker(made, seconds=3, limit_rows=LIMIT_ROWS, longest_s=40)

        assert made.violations == []
        assert figures["full after"] != "never", figures
