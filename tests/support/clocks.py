"""A clock that tests set and move."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""2026-03-02 09:00 in Shanghai, a Monday."""


class ManualClock:
    """Returns the same instant until it is moved."""

    def __init__(self, instant: datetime = START) -> None:
        self.instant = instant

    def __call__(self) -> datetime:
        return self.instant

    def advance(self, **parts: int) -> None:
        """Move on by what ``timedelta`` takes: ``advance(days=3)``."""
        self.instant += timedelta(**parts)
