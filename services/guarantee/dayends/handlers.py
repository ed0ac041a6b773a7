"""Use cases of the ends of days: ask for one, and the chore that goes through it page by page."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from uuid import UUID

from services.guarantee.dayends import rules, store
from services.guarantee.dayends.rules import DayEnd, Run
from services.guarantee.filings import handlers as filings
from services.guarantee.releases import handlers as releases
from shared.db.database import Database, Transaction

RUN_EVERY_S = 60
Page = tuple[UUID | None, list[UUID]]


async def ask(work: Transaction, day: date) -> list[DayEnd]:
    """Let every run of a day that is over begin, again if it is finished; raises DayNotOver."""
    rules.require_over(day, today=work.today)
    await store.open_day(work, day, again=True, at=work.now)
    return await store.of_day(work, day)


async def run_some(database: Database) -> bool:
    """Go through the next page of one run; yesterday is asked for by itself."""
    database.bound.require_room()
    async with database.transaction() as work:
        yesterday = work.today - timedelta(days=1)
        if not await store.exists(work, yesterday):
            await store.open_day(work, yesterday, again=False, at=work.now)
        end = await store.claim_one(work)
        if end is None:
            return False
        cursor, cases = await _RUNS[end.run](work, end)
        changed = await store.mark(work, end, cases)
        await store.save(work, rules.go_on(end, cursor, changed, now=work.now))
    return True


async def _release(work: Transaction, end: DayEnd) -> Page:
    return await releases.release_ending(work, end.day, after=end.cursor, limit=rules.PAGE_CASES)


async def _file(work: Transaction, end: DayEnd) -> Page:
    return await filings.file_in_force(work, end.day, after=end.cursor, limit=rules.PAGE_CASES)


async def _find_overdue(work: Transaction, end: DayEnd) -> Page:
    found = await store.claims_overdue(work, end.day, after=end.cursor, limit=rules.PAGE_CASES)
    return (found[-1] if len(found) == rules.PAGE_CASES else None), found


_RUNS: Mapping[Run, Callable[[Transaction, DayEnd], Awaitable[Page]]] = {
    Run.RELEASE: _release,
    Run.FILING: _file,
    Run.OVERDUE: _find_overdue,
}


async def of_day(work: Transaction, day: date) -> list[DayEnd]:
    """Read how far the runs of a day are; raises DayEndNotFound."""
    found = await store.of_day(work, day)
    if not found:
        raise rules.DayEndNotFound(f"the end of {day} was not asked for")
    return found


async def cases(
    work: Transaction, day: date, run: Run, *, after: UUID | None, limit: int
) -> list[UUID]:
    """Read up to ``limit`` + 1 cases for which a run did something."""
    return await store.cases(work, day, run, after=after, limit=limit)
