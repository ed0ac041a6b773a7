"""SQL of the ends of days."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from services.guarantee.dayends.rules import DayEnd, Run
from shared.db.database import Row, Transaction
from shared.errors import ensure

_COLUMNS = "day, run, passes, cursor, changed, asked_at, finished_at"
_SELECT = f"SELECT {_COLUMNS} FROM day_end"  # noqa: S608 - constant columns


async def open_day(work: Transaction, day: date, *, again: bool, at: datetime) -> None:
    """Store every run of a day that is to begin; ``again`` lets finished ones begin anew."""
    await work.execute(
        "INSERT INTO day_end (day, run, passes, changed, asked_at) "
        "SELECT $1, run, 1, 0, $3 FROM unnest($2::text[]) AS run ON CONFLICT (day, run) "
        "DO UPDATE SET passes = day_end.passes + 1, cursor = NULL, finished_at = NULL, "
        "asked_at = excluded.asked_at WHERE $4 AND day_end.finished_at IS NOT NULL",
        day,
        list(Run),
        at,
        again,
    )


async def exists(work: Transaction, day: date) -> bool:
    """Tell whether somebody asked for the end of a day."""
    found: bool = await work.fetchval("SELECT EXISTS (SELECT FROM day_end WHERE day = $1)", day)
    return found


async def claim_one(work: Transaction) -> DayEnd | None:
    """Lock the oldest run that is not finished and that nobody else is at."""
    row = await work.fetchrow(
        f"{_SELECT} WHERE finished_at IS NULL ORDER BY day, run LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    return None if row is None else _day_end(row)


async def save(work: Transaction, after: DayEnd) -> None:
    """Store how far a locked run is."""
    tag = await work.execute(
        "UPDATE day_end SET cursor = $3, changed = $4, finished_at = $5 "
        "WHERE day = $1 AND run = $2",
        after.day,
        after.run,
        after.cursor,
        after.changed,
        after.finished_at,
    )
    ensure(tag == "UPDATE 1", "a locked run exists")


async def mark(work: Transaction, end: DayEnd, cases: Sequence[UUID]) -> list[UUID]:
    """Store what was done for cases; returns those for which it had not been done that day."""
    rows = await work.fetch(
        "INSERT INTO day_end_case (day, run, case_id) SELECT $1, $2, id "
        "FROM unnest($3::uuid[]) AS id ON CONFLICT DO NOTHING RETURNING case_id",
        end.day,
        end.run,
        list(cases),
    )
    return [row["case_id"] for row in rows]


async def of_day(work: Transaction, day: date) -> list[DayEnd]:
    """Read the runs of a day."""
    return [
        _day_end(row) for row in await work.fetch(f"{_SELECT} WHERE day = $1 ORDER BY run", day)
    ]


async def cases(
    work: Transaction, day: date, run: Run, *, after: UUID | None, limit: int
) -> list[UUID]:
    """Read up to ``limit`` + 1 cases for which something was done, by id."""
    rows = await work.fetch(
        "SELECT case_id FROM day_end_case WHERE day = $1 AND run = $2 "
        "AND ($3::uuid IS NULL OR case_id > $3) ORDER BY case_id LIMIT $4",
        day,
        run,
        after,
        limit + 1,
    )
    return [row["case_id"] for row in rows]


async def claims_overdue(
    work: Transaction, day: date, *, after: UUID | None, limit: int
) -> list[UUID]:
    """Read the next claims with a leg that was due by a day's end and is not paid."""
    rows = await work.fetch(
        "SELECT DISTINCT claim_id FROM loss_leg WHERE paid_on IS NULL AND due_on <= $1 "
        "AND capped_fen + overflow_fen > 0 AND ($2::uuid IS NULL OR claim_id > $2) "
        "ORDER BY claim_id LIMIT $3",
        day,
        after,
        limit,
    )
    return [row["claim_id"] for row in rows]


def _day_end(row: Row) -> DayEnd:
    return DayEnd(
        day=row["day"],
        run=Run(row["run"]),
        passes=row["passes"],
        cursor=row["cursor"],
        changed=row["changed"],
        asked_at=row["asked_at"],
        finished_at=row["finished_at"],
    )
