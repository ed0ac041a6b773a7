"""What notify does with every case's events: keep when which version of what was told."""

from services.notify.cases import rules, store
from services.notify.cases.rules import CaseEvent, CaseUnknown
from shared.db.database import Transaction
from shared.events.envelope import Event, Received


async def on_case_event(work: Transaction, received: Received[Event]) -> None:
    """Keep an event of a case."""
    await store.append(work, rules.case_event(received, arrived_at=work.now))


async def timeline(work: Transaction, case_id: str) -> list[CaseEvent]:
    """Return a case's events, oldest first; raises :class:`CaseUnknown`."""
    found = await store.timeline(work, case_id, limit=rules.LONGEST_TIMELINE)
    if not found:
        raise CaseUnknown(f"no event names {case_id}")
    return found
