"""One envelope for every example in a document: the same ids and instant each time."""

from datetime import UTC, datetime
from uuid import UUID

from shared.events.envelope import Cause, Event, headers_of

INSTANT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_EVENT = UUID("01890a5d-ac96-774b-bcce-b302099a8001")
_CAUSE = Cause(
    correlation=UUID("01890a5d-ac96-774b-bcce-b302099a8002"),
    causation=UUID("01890a5d-ac96-774b-bcce-b302099a8003"),
)
_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def sample_headers(event: Event) -> dict[str, str]:
    """Return an event's headers as texts."""
    headers = headers_of(
        event,
        event_id=_EVENT,
        sequence=7,
        recorded_at=INSTANT,
        cause=_CAUSE,
        traceparent=_TRACE,
    )
    return {name: value.decode() for name, value in headers}
