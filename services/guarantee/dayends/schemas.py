"""Requests and responses of the ends of days."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.guarantee.dayends.rules import DayEnd, Run
from shared.web.fields import Body, Count, Day, Id, View
from shared.web.paging import Page


class AskDayEnd(Body):
    """Which day to end."""

    day: Day


class RunView(View):
    """One run: how often it was asked for, how many cases it changed over all passes."""

    run: Annotated[Run, Field(examples=["release"])]
    passes: Count
    changed: Count
    asked_at: Annotated[datetime, Field(examples=["2026-03-03T00:00:00Z"])]
    finished_at: Annotated[datetime | None, Field(examples=["2026-03-03T00:00:04Z"])]


class DayEndView(View):
    """The end of a day."""

    day: Day
    finished: bool = Field(examples=[True])
    runs: list[RunView]

    @classmethod
    def of(cls, ends: Sequence[DayEnd]) -> Self:
        """Show the runs of a day."""
        return cls(
            day=ends[0].day,
            finished=all(end.finished_at is not None for end in ends),
            runs=[
                RunView(
                    run=end.run,
                    passes=end.passes,
                    changed=end.changed,
                    asked_at=end.asked_at,
                    finished_at=end.finished_at,
                )
                for end in ends
            ],
        )


class CaseView(View):
    """A guarantee, or for ``overdue`` a claim, for which something was done."""

    case_id: Id

    @classmethod
    def of(cls, case_id: UUID) -> Self:
        """Show a case."""
        return cls(case_id=case_id)


CasePage = Page[CaseView]
