"""A bank that reads a feed, for tests of notify's rules: its request, grant, consent, entries."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.notify.catalogue.rules import Feed, feed_of
from services.notify.feeds.rules import Entry, draft
from services.notify.grants.rules import Grant, State, Subscription, SubscriptionId
from services.notify.known.rules import KnownConsent
from shared.events.envelope import Cause, Event, Received
from tests.support.city import CONSENT, FIRM

BANK = "bank-haizhou"
FEED = "enterprise-qualifications"
PURPOSE = "credit_assessment"
TODAY = date(2026, 3, 2)
FROM, TO = date(2026, 3, 1), date(2027, 3, 1)
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)

_GRANT = Grant(
    fields=("uscc", "category", "valid_to"), valid_from=FROM, valid_to=TO, approved_by="operator"
)
_REQUEST = Subscription(
    id=SubscriptionId(UUID(int=1)),
    subscriber=BANK,
    feed=FEED,
    purpose=PURPOSE,
    legal_basis="consent",
    wanted=_GRANT.fields,
    requested_by="clerk",
)
_CONSENT = KnownConsent(
    consent_id=CONSENT,
    uscc=FIRM,
    grantee=BANK,
    purpose=PURPOSE,
    feeds=(FEED,),
    valid_from=FROM,
    valid_to=TO,
    revoked_on=None,
    known_since=NOW,
)


def a_grant(**changes: Any) -> Grant:  # noqa: ANN401 - any field of it
    """Three fields for a year."""
    return replace(_GRANT, **changes)


def a_request(**changes: Any) -> Subscription:  # noqa: ANN401 - any field of it
    """What the bank asked for, on consent."""
    return replace(_REQUEST, **changes)


def a_subscription(**changes: Any) -> Subscription:  # noqa: ANN401 - any field of it
    """The bank's active subscription."""
    return replace(_REQUEST, **{"state": State.ACTIVE, "grant": _GRANT, **changes})


def a_known_consent(**changes: Any) -> KnownConsent:  # noqa: ANN401 - any field of it
    """The firm's consent to the bank."""
    return replace(_CONSENT, **changes)


def received(event: Event) -> Received[Event]:
    """An event as it arrives."""
    return Received(
        data=event,
        id=UUID(int=7),
        subject=event.subject,
        key=event.key,
        sequence=1,
        recorded_at=NOW,
        cause=Cause(correlation=UUID(int=8)),
    )


def an_entry(event: Event, *, feed: str = FEED, position: int = 1) -> Entry:
    """The entry that an event becomes in a feed."""
    found: Feed = feed_of(feed)
    made = draft(found, received(event))
    return Entry(
        position=position,
        event_id=made.event_id,
        type=made.type,
        uscc=made.uscc,
        subject=made.subject,
        correlation=made.correlation,
        traceparent=made.traceparent,
        data=made.data,
        recorded_at=made.recorded_at,
    )
