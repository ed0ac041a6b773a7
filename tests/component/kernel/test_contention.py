"""Two units of work that want each other's rows: one of them may simply try again."""

import asyncio

import pytest

from shared.db.database import Database, DatabaseBusy
from tests.conftest import ServiceFactory

pytestmark = pytest.mark.component

LOCK = "SELECT pg_advisory_xact_lock($1)"


async def take_both(database: Database, first: int, second: int, met: asyncio.Barrier) -> None:
    """Take two locks in an order, the second once the other unit of work has its first."""
    async with database.transaction() as work:
        await work.execute(LOCK, first)
        await met.wait()
        await work.execute(LOCK, second)


async def test_tells_the_loser_of_a_deadlock_to_try_again(service_of: ServiceFactory) -> None:
    database = (await service_of("registry")).database
    met = asyncio.Barrier(2)

    ends = await asyncio.gather(
        take_both(database, 1, 2, met), take_both(database, 2, 1, met), return_exceptions=True
    )

    lost = [end for end in ends if end is not None]
    assert [type(end) for end in lost] == [DatabaseBusy]
    await take_both(database, 1, 2, asyncio.Barrier(1))
