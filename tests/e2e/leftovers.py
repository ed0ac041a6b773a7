"""Nothing may stay behind: no event unsent, none parked, no process late."""

import asyncpg

from deploy.local.services import Surroundings
from tests.support.waiting import until

COUNTS = {
    "unsent": "SELECT count(*) FROM outbox",
    "parked": "SELECT count(*) FROM parked_event",
    "late": "SELECT count(*) FROM process WHERE NOT ended AND deadline < now()",
}


async def leftovers(around: Surroundings) -> dict[tuple[str, str], int]:
    """Count what is left in each service, by what it is; nothing means an empty answer."""
    found = {}
    for service, dsns in around.databases.items():
        connection = await asyncpg.connect(dsns.app)
        try:
            for what, query in COUNTS.items():
                count = await connection.fetchval(query)
                if count:
                    found[service, what] = count
        finally:
            await connection.close()
    return found


async def assert_nothing_left(around: Surroundings) -> None:
    """Wait until every outbox is empty, nothing is parked and nothing is late."""

    async def clean() -> bool:
        return not await leftovers(around)

    try:
        await until(clean, what="a clean end", deadline_s=20)
    except TimeoutError:
        assert await leftovers(around) == {}
