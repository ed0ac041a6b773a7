"""Feeds: what an event becomes in one, and what a reader is shown of it at this moment.

Sources: 政务数据共享条例 (departments: by duty, within the granted fields), 征信业管理条例 art. 18,
20 and 40(3) (everyone else: only with the enterprise's consent, for the agreed purpose). A feed
keeps whole entries; each read decides again, entry by entry, and denies by default. A correction or
a withdrawal is a later entry; it is shown to whoever may still read and was granted a field of what
it corrects, even where it carries no granted field but the enterprise, or none at all: its type
says that what was shown does not hold any more.

Example: a bank holds a grant of (uscc, category) on consent. The entry of an enterprise that
consented yesterday is shown with these two fields; after its revocation neither that entry nor any
other of the enterprise is shown, although older cursors still point before it. Another bank holds
(uscc, certificate_no): the revocation of a certificate reaches it as its type and the uscc.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.notify.catalogue.rules import STRICTNESS, Feed
from services.notify.grants.rules import Subscription
from services.notify.known.rules import KnownConsent
from shared.errors import Forbidden, Gone, Malformed, RuleViolation, Violation
from shared.events.envelope import DataClass, Event, Received


class NoGrant(Forbidden):
    """No grant lets the organisation read the feed today."""

    code = "no-grant"
    title_zh = "无有效授予"
    title_en = "No grant in force"
    action_zh = "请先通过 POST /v1/subscriptions 申请并等待运营方审批。"
    action_en = "Ask for the feed with POST /v1/subscriptions and wait for the approval."


class RetentionNotOver(RuleViolation):
    """Entries are kept for the days that the catalogue promises."""

    code = "retention-not-over"
    title_zh = "保留期未满"
    title_en = "Retention not over"


class CursorOfAnotherFeed(Malformed):
    """The cursor was given out for another feed, or points beyond the newest entry."""

    code = "cursor-of-another-feed"
    title_zh = "游标不属于该信息资源"
    title_en = "Cursor of another feed"


class PastRetention(Gone):
    """The cursor is older than what is kept: entries that the reader has not seen are gone."""

    code = "past-retention"
    title_zh = "游标早于保留期"
    title_en = "Cursor past retention"

    def __init__(self, feed: str) -> None:
        """Name the snapshot of the feed, and link it."""
        snapshot = snapshot_of(feed)
        detail = f"entries after the cursor are gone; {snapshot} has what is left of them"
        super().__init__(detail, links={"snapshot": snapshot})
        self.action_zh = f"请从 {snapshot} 重新读取，再按其 Link rel=next 继续。"
        self.action_en = f"Read {snapshot}, then go on as its Link rel=next says."


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an event becomes in a feed, before it has a position."""

    feed: str
    event_id: UUID
    type: str
    uscc: str | None
    subject: str
    state_key: str
    correlation: UUID
    traceparent: str | None
    data: Mapping[str, Any]
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a feed's log."""

    position: int
    event_id: UUID
    type: str
    uscc: str | None
    subject: str
    correlation: UUID
    traceparent: str | None
    data: Mapping[str, Any]
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How far a feed reaches: entries after ``horizon`` up to ``newest`` are all there."""

    newest: int = 0
    horizon: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a reader is shown of an entry, and under which consent."""

    entry: Entry
    data: Mapping[str, Any]
    data_class: DataClass
    consent_id: UUID | None

    @property
    def subject(self) -> str | None:
        """What the entry is about, if a granted field says so too: else it would tell more."""
        return self.entry.subject if self.entry.subject in self.data.values() else None


def draft(feed: Feed, received: Received[Event]) -> Draft:
    """Make a feed's entry of an event: the catalogue's fields and nothing else."""
    event = received.data
    whole = event.model_dump(mode="json")
    data = {name: whole[name] for name in feed.fields_of(type(event))}
    named = {**data, "type": event.TYPE}
    shared = data.get(feed.shared_attribute)
    return Draft(
        feed=feed.code,
        event_id=received.id,
        type=event.TYPE,
        uscc=data.get("uscc"),
        subject=received.subject if shared is None else str(shared),
        state_key="\n".join(str(named.get(name, "")) for name in feed.state_key),
        correlation=received.cause.correlation,
        traceparent=received.traceparent,
        data=data,
        recorded_at=received.recorded_at,
    )


def decide(
    entry: Entry,
    *,
    feed: Feed,
    subscription: Subscription,
    consents: Iterable[KnownConsent],
    today: date,
) -> Shown | None:
    """Decide what the subscriber is shown of an entry today; None shows nothing.

    ``consents`` are those that the entry's enterprise ever gave to the subscriber.
    """
    grant = subscription.granted_on(today)
    if grant is None or not grant.covers(entry.uscc):
        return None
    consent_id = None
    if subscription.legal_basis != "duty":
        consent_id = _consent(entry, feed, subscription, consents, today)
        if consent_id is None:
            return None
    data = {name: value for name, value in entry.data.items() if name in grant.fields}
    corrects = not feed.corrected_by(entry.type).isdisjoint(grant.fields)
    if data.keys() <= {feed.shared_attribute} and not corrects:
        # That something of this type happened to the enterprise is a fact about it, too.
        return None
    return Shown(entry=entry, data=data, data_class=_class_of(feed, data), consent_id=consent_id)


def _consent(
    entry: Entry,
    feed: Feed,
    subscription: Subscription,
    consents: Iterable[KnownConsent],
    today: date,
) -> UUID | None:
    for consent in consents:
        mutual = (consent.uscc, consent.grantee) == (entry.uscc, subscription.subscriber)
        if mutual and consent.lets_read(feed.code, purpose=subscription.purpose, on=today):
            return consent.consent_id
    return None


def _class_of(feed: Feed, data: Mapping[str, Any]) -> DataClass:
    """Return the strictest class among what is shown; a bare type is as strict as what it is of."""
    names = data.keys() or {feed.shared_attribute}
    shown = [field.data_class for field in feed.fields if field.name in names]
    return max(shown, key=STRICTNESS.index)


def snapshot_of(feed: str) -> str:
    """Return the path where what the retention left of a feed is read."""
    return f"/v1/feeds/{feed}/snapshot"


def require_position(position: int, extent: Extent) -> None:
    """Refuse a position that the feed has not reached; raises :class:`CursorOfAnotherFeed`."""
    if not 0 <= position <= extent.newest:
        raise another_feeds_cursor()


def another_feeds_cursor() -> CursorOfAnotherFeed:
    """Return the refusal of a cursor that this feed did not give out."""
    violation = Violation(
        code="cursor",
        zh="请使用该信息资源上次返回的游标",
        en="use the cursor that this feed gave out",
        field="/after",
    )
    return CursorOfAnotherFeed("the cursor was not given out by this feed", violations=(violation,))


def require_retention_over(feed: Feed, *, before: date, today: date) -> None:
    """Refuse to prune what the catalogue promises to keep; raises :class:`RetentionNotOver`."""
    latest = today - timedelta(days=feed.retention_days)
    if before > latest:
        violation = Violation(
            code="retention",
            zh="目录承诺的保留期内的条目不得清除",
            en="the catalogue promises to keep entries for longer",
            field="/before",
            limit=latest.isoformat(),
            actual=before.isoformat(),
        )
        raise RetentionNotOver("the retention is not over", violations=(violation,))
