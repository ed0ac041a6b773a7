"""The disclosure log (披露日志): who saw which fields of whom, when, why, under which consent.

Sources: 征信业管理条例 art. 20 (used as agreed), 个人信息保护法 art. 55 and 56 (records of what was
handed over are kept). One row per entry and read, written with the read itself; it names fields,
never their values, and is never changed.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.events.notify import FeedDisclosed, LegalBasis


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """One entry that one read handed over."""

    read_id: UUID
    position: int
    subscriber: str
    person: str
    feed: str
    event_id: UUID
    uscc: str | None
    fields: tuple[str, ...]
    purpose: str
    legal_basis: LegalBasis
    subscription_id: UUID
    consent_id: UUID | None
    disclosed_at: datetime


def disclosed(rows: tuple[Disclosure, ...]) -> FeedDisclosed:
    """Return the event of one read, which handed over at least one entry."""
    first = rows[0]
    return FeedDisclosed(
        read_id=first.read_id, subscriber=first.subscriber, feed=first.feed, entries=len(rows)
    )
