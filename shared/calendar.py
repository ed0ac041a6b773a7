"""Days of the mainland: months, holidays, make-up Saturdays, working days.

Sources: 民法典 art. 201 to 203 (a period ends on the same day of its last month, or on the month's
last day where it has none; a last day on a holiday moves to the day after it); the State Council's
yearly schedule of holidays and make-up days. Weekends count as holidays here, a make-up day as a
working day. The schedule of a year is published in the November before: what lies beyond the last
one published is unknown, and is refused rather than guessed.

Example: a last day of 2026-05-01 (a holiday to 05-05) moves to 2026-05-06, and five working days
after 2026-04-30 end on 2026-05-11, for Saturday 05-09 is worked.
"""

from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from chinese_calendar import constants  # type: ignore[import-untyped]  # ships no types

from shared.errors import Transient

MONTHS_OF_YEAR = 12
SATURDAY = 5
ONE_DAY = timedelta(days=1)


class CalendarEnds(Transient):
    """The working days of that time are not published yet, or not in this release."""

    code = "calendar-ends"
    title_zh = "工作日历尚未公布"
    title_en = "Working days not known"
    action_zh = "请运营方更新节假日安排后重试。"
    action_en = "Let the operator bring in the published schedule of holidays, then try again."


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are worked, from ``begins`` to before ``ends``.

    ``closed`` are weekdays that are holidays, ``opened`` Saturdays and Sundays that are worked.
    """

    begins: date
    ends: date
    closed: Collection[date]
    opened: Collection[date]

    def is_working(self, day: date) -> bool:
        """Tell whether a day is worked; raises :class:`CalendarEnds` where nobody knows yet."""
        if not self.begins <= day < self.ends:
            raise CalendarEnds(f"working days are known from {self.begins} to before {self.ends}")
        return day in self.opened if day.weekday() >= SATURDAY else day not in self.closed

    def rolled(self, day: date) -> date:
        """Return the first working day on or after a day (art. 203)."""
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def after(self, day: date, working_days: int) -> date:
        """Return the last of so many working days; counting begins on the day after (art. 201)."""
        for _ in range(working_days):
            day = self.rolled(day + ONE_DAY)
        return day


@cache
def national() -> WorkCalendar:
    """Return the national schedule, as far as this release's library knows it."""
    years = {day.year for day in constants.holidays}
    return WorkCalendar(
        begins=date(min(years), 1, 1),
        ends=date(max(years) + 1, 1, 1),
        closed=frozenset(day for day in constants.holidays if day.weekday() < SATURDAY),
        opened=frozenset(constants.workdays),
    )


def add_months(day: date, months: int) -> date:
    """Return the same day some months later, or the month's last day if it has no such day.

    Example: 2026-08-31 and six months → 2027-02-28.
    """
    years, month = divmod(day.month - 1 + months, MONTHS_OF_YEAR)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def is_over(last: date, today: date, calendar: WorkCalendar) -> bool:
    """Tell whether a period whose last day is ``last`` is over, that day moved off a holiday.

    The calendar is asked only once the day itself has passed: years ahead nobody needs it.
    """
    return today > last and today > calendar.rolled(last)
