"""One toy database for many scenes: emptied before each, as making one takes far longer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg

from shared.db.database import Database
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.toy import EFFECT, SERVICE, Toy

LEFT_BY_SCENES = """
    DROP TABLE IF EXISTS firm;
    DROP TRIGGER IF EXISTS waits ON outbox;
    DROP FUNCTION IF EXISTS wait_for_it();
"""
KERNEL = (
    "outbox",
    "outbox_scheduled",
    "idempotency",
    "consumer_offset",
    "consumer_watermark",
    "consumer_inbox",
    "parked_key",
    "parked_event",
    "process",
    "effect",
)

Session: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Ground:
    """A database that is a toy's again and again."""

    def __init__(
        self, dsn: str, owner_dsn: str, owner: "asyncpg.Connection[asyncpg.Record]"
    ) -> None:
        self._dsn = dsn
        self._owner_dsn = owner_dsn
        self._owner = owner

    @asynccontextmanager
    async def toy(self, clock: ManualClock) -> AsyncIterator[Toy]:
        """Lend a toy in an empty database."""
        await self._owner.execute(LEFT_BY_SCENES)
        for table in KERNEL:
            await self._owner.execute(f"DELETE FROM {table}")  # noqa: S608 -- named above
        await self._owner.execute("SELECT setval('outbox_position_seq', 1, false)")
        database = Database(self._dsn, read_clock=clock)
        await database.open()
        try:
            yield Toy(database, clock, self._owner_dsn)
        finally:
            await database.close()


@asynccontextmanager
async def ground_on(databases: Databases) -> AsyncIterator[Ground]:
    """Lend a ground."""
    async with databases.fresh(SERVICE) as dsns:
        owner = await asyncpg.connect(dsns.owner)
        try:
            await owner.execute(EFFECT)
            yield Ground(dsns.app, dsns.owner, owner)
        finally:
            await owner.close()
