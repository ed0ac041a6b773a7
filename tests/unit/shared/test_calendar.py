"""Months, holidays and working days, against the published schedule of 2026."""

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import CalendarEnds, add_months, is_over, national

CALENDAR = national()
KNOWN = st.dates(CALENDAR.begins, CALENDAR.ends - timedelta(days=31))


class TestMonths:
    @pytest.mark.parametrize(
        ("day", "months", "later"),
        [
            (date(2026, 1, 31), 1, date(2026, 2, 28)),
            (date(2028, 1, 31), 1, date(2028, 2, 29)),
            (date(2028, 2, 29), 12, date(2029, 2, 28)),
            (date(2028, 2, 29), 48, date(2032, 2, 29)),
            (date(2026, 3, 31), 1, date(2026, 4, 30)),
            (date(2026, 12, 1), 1, date(2027, 1, 1)),
            (date(2026, 11, 30), 3, date(2027, 2, 28)),
            (date(2026, 12, 31), 12, date(2027, 12, 31)),
            (date(2026, 5, 15), 0, date(2026, 5, 15)),
            (date(2026, 5, 15), 600, date(2076, 5, 15)),
        ],
    )
    def test_keep_the_day_or_take_the_months_last(
        self, day: date, months: int, later: date
    ) -> None:
        assert add_months(day, months) == later

    @given(day=st.dates(date(1990, 1, 1), date(2100, 12, 31)), months=st.integers(0, 600))
    def test_land_in_the_month_that_many_months_later(self, day: date, months: int) -> None:
        later = add_months(day, months)

        gone = (later.year - day.year) * 12 + later.month - day.month
        last = monthrange(later.year, later.month)[1]
        assert (gone, later.day) == (months, min(day.day, last))


class TestWorkCalendar:
    @pytest.mark.parametrize(
        ("day", "works"),
        [
            (date(2026, 4, 30), True),
            (date(2026, 5, 1), False),  # Friday, a holiday
            (date(2026, 5, 5), False),  # Tuesday, a holiday
            (date(2026, 5, 6), True),
            (date(2026, 5, 9), True),  # a make-up Saturday
            (date(2026, 5, 10), False),
        ],
    )
    def test_knows_holidays_and_make_up_days(self, day: date, *, works: bool) -> None:
        assert CALENDAR.is_working(day) is works

    def test_moves_a_last_day_off_the_holiday(self) -> None:
        assert CALENDAR.rolled(date(2026, 5, 1)) == date(2026, 5, 6)
        assert CALENDAR.rolled(date(2026, 5, 6)) == date(2026, 5, 6)

    def test_counts_working_days_from_the_day_after(self) -> None:
        assert CALENDAR.after(date(2026, 4, 30), 1) == date(2026, 5, 6)
        assert CALENDAR.after(date(2026, 4, 30), 5) == date(2026, 5, 11)
        assert CALENDAR.after(date(2026, 5, 1), 0) == date(2026, 5, 1)

    @pytest.mark.parametrize("day", [CALENDAR.ends, CALENDAR.begins - timedelta(days=1)])
    def test_refuses_to_guess(self, day: date) -> None:
        with pytest.raises(CalendarEnds):
            CALENDAR.is_working(day)
        with pytest.raises(CalendarEnds):
            CALENDAR.after(CALENDAR.ends - timedelta(days=2), 30)

    @given(day=KNOWN, count=st.integers(0, 15))
    def test_lets_exactly_so_many_working_days_pass(self, day: date, count: int) -> None:
        last = CALENDAR.after(day, count)

        days = [day + timedelta(days=n) for n in range(1, (last - day).days + 1)]
        assert sum(CALENDAR.is_working(each) for each in days) == count


class TestIsOver:
    def test_waits_for_the_working_day_after_a_holiday(self) -> None:
        last = date(2026, 5, 1)

        days = [date(2026, 5, 1), date(2026, 5, 5), date(2026, 5, 6), date(2026, 5, 7)]
        assert [is_over(last, day, CALENDAR) for day in days] == [False, False, False, True]

    def test_asks_no_calendar_before_the_day_itself(self) -> None:
        assert not is_over(date(2076, 5, 1), date(2026, 5, 1), CALENDAR)
        with pytest.raises(CalendarEnds):
            is_over(date(2076, 5, 1), date(2076, 5, 2), CALENDAR)
