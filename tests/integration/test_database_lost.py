"""PostgreSQL frozen or killed under a unit of work: a clear refusal in time, then service again."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from deploy.local.stack import Stack
from shared.db.database import Database, DatabaseUnavailable
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.toy import SERVICE
from tests.support.waiting import until

pytestmark = pytest.mark.integration


@pytest.fixture
async def database(databases: Databases, clock: ManualClock) -> AsyncIterator[Database]:
    """A database of its own."""
    async with databases.fresh(SERVICE) as dsns:
        made = Database(dsns.app, read_clock=clock)
        await made.open()
        try:
            yield made
        finally:
            await made.close()


async def answers(database: Database) -> bool:
    """Tell whether a unit of work succeeds."""
    try:
        async with database.transaction(deadline_s=2) as work:
            return bool(await work.fetchval("SELECT true"))
    except DatabaseUnavailable:
        return False


class TestFrozen:
    async def test_refuses_within_the_deadline_and_recovers(
        self, database: Database, stack: Stack
    ) -> None:
        assert await answers(database)
        began = time.monotonic()
        stack.postgres.freeze()
        try:
            refused = await asyncio.gather(*(answers(database) for _ in range(15)))
        finally:
            elapsed = time.monotonic() - began
            stack.postgres.thaw()

        assert not any(refused)
        assert elapsed < 8
        await until(lambda: answers(database), what="an answer after the thaw")


class TestKilled:
    async def test_loses_what_was_not_committed_and_keeps_what_was(
        self, database: Database, stack: Stack
    ) -> None:
        async with database.transaction() as work:
            await work.execute(
                "INSERT INTO consumer_inbox VALUES ('kept', $1, $2)", work.new_id(), work.now
            )
        with pytest.raises(DatabaseUnavailable):
            await self._killed_under(database, stack)
        await asyncio.to_thread(stack.postgres.restart)

        await until(lambda: answers(database), what="an answer after the restart")
        async with database.read() as work:
            rows = await work.fetch("SELECT consumer FROM consumer_inbox")

        assert [row["consumer"] for row in rows] == ["kept"]

    @staticmethod
    async def _killed_under(database: Database, stack: Stack) -> None:
        async with database.transaction() as work:
            await work.execute(
                "INSERT INTO consumer_inbox VALUES ('lost', $1, $2)", work.new_id(), work.now
            )
            await asyncio.to_thread(stack.postgres.kill)
            await work.fetchval("SELECT 1")
