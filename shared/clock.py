"""The only place that reads the clock. Everything below the edges takes time as an argument.

Instants are UTC and timezone-aware; business dates are ``date`` in Asia/Shanghai.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

Clock = Callable[[], datetime]
"""Returns the present instant, aware, in UTC."""

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has kept one offset without daylight saving since 1992, so no time-zone data is needed."""


def now() -> datetime:
    """Read the system clock: an aware instant in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one place that may


def business_date(instant: datetime) -> date:
    """Tell on which day in Shanghai an instant falls; naive instants are refused."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return instant.astimezone(SHANGHAI).date()


def start_of(day: date) -> datetime:
    """Return the instant (UTC) at which a business date begins in Shanghai."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)
