"""Responses of the cases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from services.notify.cases.rules import LONGEST_TIMELINE, CaseEvent
from shared.web.fields import Id, Text, View

_INSTANT = "2026-03-02T01:00:00Z"


class CaseEventView(View):
    """One event of a case: what happened to which version of what, when, and why."""

    event_id: Id
    type: Text = Field(examples=["credit.loan.disbursed.v1"])
    topic: Text = Field(examples=["tongzhou.credit.loan.v1"])
    subject: Text = Field(examples=["01890a5d-ac96-774b-bcce-b302099a8057"])
    version: int | None = Field(description="of the subject; none for a timer", examples=[3])
    correlation: Id
    causation: Id | None
    trace_id: Text | None = Field(examples=["0af7651916cd43dd8448eb211c80319c"])
    recorded_at: Annotated[datetime, Field(examples=[_INSTANT])]
    arrived_at: Annotated[datetime, Field(description="here", examples=[_INSTANT])]

    @classmethod
    def of(cls, event: CaseEvent) -> Self:
        """Show one event."""
        return cls.model_validate(event, from_attributes=True)


class TimelineView(View):
    """A case across all services, oldest first."""

    ids: list[Text] = Field(
        description="every id that the case is known by",
        examples=[["01890a5d-ac96-774b-bcce-b302099a8057"]],
    )
    events: list[CaseEventView]
    truncated: bool = Field(
        description=f"whether more than {LONGEST_TIMELINE} events belong to it", examples=[False]
    )

    @classmethod
    def of(cls, found: Sequence[CaseEvent]) -> Self:
        """Show a timeline."""
        return cls(
            ids=sorted({name for event in found for name in event.ids}),
            events=[CaseEventView.of(event) for event in found[:LONGEST_TIMELINE]],
            truncated=len(found) > LONGEST_TIMELINE,
        )
