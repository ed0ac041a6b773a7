"""SQL of the cases' events: appended as they arrive, found by the ids that they name."""

from services.notify.cases.rules import CaseEvent
from shared.db.database import Transaction

_TIMELINE = """
    WITH RECURSIVE linked (id) AS (
        SELECT $1::text
        UNION
        SELECT unnest(found.ids)
        FROM linked JOIN case_event AS found ON found.ids @> ARRAY[linked.id]
    )
    SELECT event_id, type, topic, subject, version, ids, correlation, causation, traceparent,
        recorded_at, arrived_at
    FROM case_event WHERE ids && ARRAY(SELECT id FROM linked)
    ORDER BY recorded_at, topic, subject, version, event_id LIMIT $2
"""


async def append(work: Transaction, event: CaseEvent) -> None:
    """Keep one event; a repeat changes nothing."""
    await work.execute(
        "INSERT INTO case_event (event_id, type, topic, subject, version, ids, correlation, "
        "causation, traceparent, recorded_at, arrived_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
        event.event_id,
        event.type,
        event.topic,
        event.subject,
        event.version,
        list(event.ids),
        event.correlation,
        event.causation,
        event.traceparent,
        event.recorded_at,
        event.arrived_at,
    )


async def timeline(work: Transaction, case_id: str, *, limit: int) -> list[CaseEvent]:
    """Return the events that an id is linked with, oldest first; one more than is shown."""
    rows = await work.fetch(_TIMELINE, case_id, limit + 1)
    return [CaseEvent(**{**dict(row), "ids": tuple(row["ids"])}) for row in rows]
