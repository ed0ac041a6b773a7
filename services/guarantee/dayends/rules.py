"""The end of the day (日终): what falls due by itself, set by set, once for each case and day.

    release   guarantees whose period or whose loan is over (民法典 art. 692, 393)
    filing    at a month's end, guarantees that are not filed with their re-guarantors
    overdue   legs that are due and not paid: the list of the day, for whoever must remind

Each run goes through its cases by id in pages of one transaction; the page's cursor is saved with
what it did, so that a process that dies loses a page at most and does nothing twice. What was done
for a case on a day is a row of its own: running a day again looks at everything again and finds
nothing left to do.

A day can be run once it is over. Days are run in order of their asking, each run by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.errors import NotFound, RuleViolation, Violation

PAGE_CASES = 1_000
"""Cases of one transaction: what a process that dies in it has to do again."""


class DayNotOver(RuleViolation):
    """The day has not ended."""

    code = "day-not-over"
    title_zh = "该日尚未结束"
    title_en = "The day is not over"


class DayEndNotFound(NotFound):
    """Nobody asked for the end of this day."""

    code = "day-end-not-found"
    title_zh = "未找到该日日终"
    title_en = "Day end not found"


class Run(StrEnum):
    """What is done at the end of a day."""

    RELEASE = "release"
    FILING = "filing"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEnd:
    """One run of one day: how far it is, and how many cases it changed, over all passes."""

    day: date
    run: Run
    passes: int
    cursor: UUID | None
    changed: int
    asked_at: datetime
    finished_at: datetime | None


def require_over(day: date, *, today: date) -> None:
    """Raise :class:`DayNotOver` for today and later."""
    if day >= today:
        latest = today - timedelta(days=1)
        violation = Violation(
            "day", "只能运行已结束的日期", "must be over", "/day", str(latest), str(day)
        )
        raise DayNotOver(f"{day} is not over", violations=(violation,))


def go_on(before: DayEnd, cursor: UUID | None, changed: Sequence[UUID], *, now: datetime) -> DayEnd:
    """Move behind a page; without a cursor the run is over."""
    return replace(
        before,
        cursor=cursor,
        changed=before.changed + len(changed),
        finished_at=now if cursor is None else None,
    )
