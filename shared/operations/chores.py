"""What a service does of its own accord, beside its events: jobs, seals, the end of the day."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shared import logs
from shared.db.database import Database

_LOG = logs.get("tongzhou.chores")


@dataclass(frozen=True, slots=True)
class Chore:
    """Work that is looked for now and then and done in bounded turns.

    ``turn`` does one bounded piece in transactions of its own and returns whether more waits.
    Several processes may run the same chore: it claims its work under a lock in the database, so
    that a process that dies in a turn leaves nothing half done.
    """

    name: str
    every_s: float
    turn: Callable[[Database], Awaitable[bool]]


async def keep_doing(chore: Chore, database: Database) -> None:
    """Take turns until cancelled; one that fails has its turn again after a pause."""
    while True:
        more = False
        try:
            more = await chore.turn(database)
        except Exception as error:  # noqa: BLE001 -- the next turn tries again
            _LOG.warning(
                "chore.failed", chore=chore.name, error=type(error).__name__, exc_info=error
            )
        if not more:
            await asyncio.sleep(chore.every_s)
