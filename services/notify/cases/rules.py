"""Cases: which events belong together, by the ids that they name.

A case is a demand with its loans, a loan with its guarantee, claims and recoveries, or a policy
with its subsidy. Every request begins a trace of its own, so what makes a case is not the trace but
that its events name each other's ids. An id that many cases share (a firm, a programme, a product's
qualification) links nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.errors import NotFound
from shared.events.envelope import EVENT_TYPES, Event, Received

LINKS = frozenset(
    {
        "demand_id",
        "offer_id",
        "loan_id",
        "guarantee_id",
        "claim_id",
        "recovery_id",
        "policy_id",
        "subsidy_id",
    }
)
LONGEST_TIMELINE = 2000
"""Events of one case that are shown; a case of so many is looked into by its parts."""


class CaseUnknown(NotFound):
    """No event has named this id."""

    code = "case-unknown"
    title_zh = "未见该业务编号的事件"
    title_en = "No event has named this id"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """One event of a case: what happened to which version of what, when, and why; no content."""

    event_id: UUID
    type: str
    topic: str
    subject: str
    version: int | None
    ids: tuple[str, ...]
    correlation: UUID
    causation: UUID | None
    traceparent: str | None
    recorded_at: datetime
    arrived_at: datetime

    @property
    def trace_id(self) -> str | None:
        """The trace in which it was written."""
        parts = (self.traceparent or "").split("-")
        return parts[1] if len(parts) == len(("version", "trace", "span", "flags")) else None


def case_types() -> tuple[type[Event], ...]:
    """Return the event types that name a part of a case."""
    return tuple(event for event in EVENT_TYPES.values() if LINKS & event.model_fields.keys())


def ids_of(event: Event) -> tuple[str, ...]:
    """Return the ids by which an event is linked with others."""
    named: Collection[object] = {
        getattr(event, name) for name in LINKS & type(event).model_fields.keys()
    }
    return tuple(sorted(str(value) for value in named if value is not None))


def case_event(received: Received[Event], *, arrived_at: datetime) -> CaseEvent:
    """Keep of an event what a timeline shows."""
    event = received.data
    return CaseEvent(
        event_id=received.id,
        type=event.TYPE,
        topic=event.topic(),
        subject=received.subject,
        version=received.sequence,
        ids=ids_of(event),
        correlation=received.cause.correlation,
        causation=received.cause.causation,
        traceparent=received.traceparent,
        recorded_at=received.recorded_at,
        arrived_at=arrived_at,
    )
