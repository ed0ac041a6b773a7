"""Rules of the day's end: which day may be ended, and how a run moves on."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.guarantee.dayends.rules import DayEnd, DayNotOver, Run, go_on, require_over

DAY = date(2026, 3, 31)
NOW = datetime(2026, 4, 1, tzinfo=UTC)
CASES = [UUID(int=1), UUID(int=2)]


def a_run(**changes: object) -> DayEnd:
    given: dict[str, object] = {
        "day": DAY,
        "run": Run.RELEASE,
        "passes": 1,
        "cursor": None,
        "changed": 3,
        "asked_at": NOW,
        "finished_at": None,
    }
    return DayEnd(**(given | changes))  # type: ignore[arg-type]  # names are checked at run time


class TestDay:
    def test_that_is_over_may_be_ended(self) -> None:
        require_over(DAY, today=date(2026, 4, 1))

    @pytest.mark.parametrize("today", [DAY, date(2026, 3, 30)])
    def test_of_today_or_later_may_not(self, today: date) -> None:
        with pytest.raises(DayNotOver, match="2026-03-31 is not over") as refused:
            require_over(DAY, today=today)

        [violation] = refused.value.violations
        assert (violation.code, violation.field, violation.actual) == ("day", "/day", "2026-03-31")
        assert violation.en == "must be over"

    def test_that_may_be_ended_last_is_told(self) -> None:
        with pytest.raises(DayNotOver) as refused:
            require_over(date(2026, 4, 3), today=date(2026, 4, 1))

        assert refused.value.violations[0].limit == "2026-03-31"


class TestRun:
    def test_goes_on_behind_its_page(self) -> None:
        after = go_on(a_run(), UUID(int=9), CASES, now=NOW)

        assert (after.cursor, after.changed, after.finished_at) == (UUID(int=9), 5, None)

    def test_without_a_cursor_is_over(self) -> None:
        after = go_on(a_run(cursor=UUID(int=9)), None, CASES[:1], now=NOW)

        assert (after.cursor, after.changed, after.finished_at) == (None, 4, NOW)
