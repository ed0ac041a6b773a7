"""Subscriptions (订阅) and grants (授予): who may read which fields of which feed, and why.

Sources: 政务数据共享条例 (State Council Order 809: departments share by duty, on request and with a
reviewed purpose), 征信业管理条例 art. 18, 20 and 40(3) (everyone else needs the consent of the
enterprise, for an agreed purpose). A request names feed, purpose, legal basis and fields; the
operator, never the subscriber itself, grants all or some of the fields for a half-open period, of
all enterprises or of those that it names, or revokes.

Example: dept-sw asks by duty for tax_grade and staff of enterprise-profiles and is granted
tax_grade for [2026-03-01, 2027-03-01): on 2027-03-01 it reads nothing any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NewType, get_args
from uuid import UUID

from services.notify.catalogue.rules import Feed, cleared
from shared.errors import Conflict, Forbidden, Malformed, RuleViolation, Violation
from shared.events.notify import GrantIssued, GrantRevoked, LegalBasis, SubscriptionRequested
from shared.events.registry import InstitutionKind, Purpose

SubscriptionId = NewType("SubscriptionId", UUID)

LONGEST_DAYS = 3 * 366
"""A grant names an end; it is reviewed at least every three years."""

MOST_ENTERPRISES = 1_000
"""A scope that names more is no scope any more: such a subscriber is granted the whole feed."""

CONSENT_PURPOSES: tuple[str, ...] = get_args(Purpose)
"""For what an enterprise can consent; a subscription on consent has one of these purposes."""


class State(StrEnum):
    """Where a subscription stands; it only ever goes forward."""

    REQUESTED = "REQUESTED"
    ACTIVE = "ACTIVE"
    REVOKED = "REVOKED"


class InstitutionUnknown(RuleViolation):
    """The organisation is not in the directory, or not any more."""

    code = "institution-unknown"
    title_zh = "机构未登记或已停用"
    title_en = "Institution not in the directory today"


class LegalBasisInvalid(RuleViolation):
    """The legal basis does not fit the kind of institution, or the purpose does not fit it."""

    code = "legal-basis-invalid"
    title_zh = "法律依据不成立"
    title_en = "Legal basis does not hold"


class FieldsNotInFeed(Malformed):
    """A field is not one of the feed's, or was not asked for."""

    code = "fields-not-in-feed"
    title_zh = "字段不在范围内"
    title_en = "Fields outside the feed or the request"


class FieldsNotCleared(RuleViolation):
    """The institution is not cleared for the class of a field."""

    code = "fields-not-cleared"
    title_zh = "字段密级超出机构权限"
    title_en = "Fields above the institution's clearance"


class GrantPeriodInvalid(RuleViolation):
    """The period is empty, already over, or longer than a grant may run."""

    code = "grant-period-invalid"
    title_zh = "授予期限无效"
    title_en = "Invalid grant period"


class ScopeNotOfFeed(RuleViolation):
    """The feed is not about enterprises, so none can be named."""

    code = "scope-not-of-feed"
    title_zh = "该信息资源不以企业为对象"
    title_en = "The feed is not about enterprises"


class GrantOverlaps(Conflict):
    """Another grant of the same feed to the same subscriber covers some of these days."""

    code = "grant-overlaps"
    title_zh = "与现有授予期限重叠"
    title_en = "Another grant covers these days"


class OwnRequest(Forbidden):
    """Nobody approves what its own organisation asked for."""

    code = "own-request"
    title_zh = "不得审批本机构的申请"
    title_en = "Own request"


class WrongState(Conflict):
    """The subscription is in another state than the command needs."""

    code = "subscription-state"
    title_zh = "订阅状态不符"
    title_en = "Subscription in another state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the operator granted; ``valid_to`` is exclusive, no ``enterprises`` means all."""

    fields: tuple[str, ...]
    valid_from: date
    valid_to: date
    approved_by: str
    enterprises: frozenset[str] | None = None

    def covers(self, uscc: str | None) -> bool:
        """Tell whether an enterprise is in the scope; what is no enterprise's is in none."""
        return self.enterprises is None or uscc in self.enterprises

    def overlaps(self, other: "Grant") -> bool:
        """Tell whether two grants share a day."""
        return self.valid_from < other.valid_to and other.valid_from < self.valid_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A request and what became of it."""

    id: SubscriptionId
    subscriber: str
    feed: str
    purpose: str
    legal_basis: LegalBasis
    wanted: tuple[str, ...]
    requested_by: str
    state: State = State.REQUESTED
    grant: Grant | None = None
    revoked_because: str | None = None

    def granted_on(self, day: date) -> Grant | None:
        """Return the grant if it is in force on a business date."""
        grant = self.grant
        if self.state is not State.ACTIVE or grant is None:
            return None
        return grant if grant.valid_from <= day < grant.valid_to else None


def request(
    subscription: Subscription, *, feed: Feed, kind: InstitutionKind | None
) -> tuple[Subscription, SubscriptionRequested]:
    """Ask for a feed; ``kind`` is the subscriber's, None if it is not in the directory.

    Raises :class:`InstitutionUnknown`, :class:`FieldsNotInFeed`, :class:`FieldsNotCleared` or
    :class:`LegalBasisInvalid`.
    """
    known = _kind(subscription.subscriber, kind)
    _require_fields(subscription.wanted, feed.names)
    _require_clearance(subscription.wanted, feed, known)
    _require_basis(subscription, known)
    event = SubscriptionRequested(
        subscription_id=subscription.id,
        subscriber=subscription.subscriber,
        feed=subscription.feed,
        legal_basis=subscription.legal_basis,
        purpose=subscription.purpose,
    )
    return subscription, event


def approve(
    subscription: Subscription,
    grant: Grant,
    *,
    feed: Feed,
    kind: InstitutionKind | None,
    approver_org: str,
    others: Iterable[Grant],
    today: date,
) -> tuple[Subscription, GrantIssued]:
    """Grant a subscription; ``others`` are the subscriber's active grants of the same feed.

    Raises :class:`OwnRequest`, :class:`WrongState`, :class:`ScopeNotOfFeed`,
    :class:`GrantPeriodInvalid`, :class:`GrantOverlaps` and what :func:`request` raises, since the
    directory may have changed.
    """
    if approver_org == subscription.subscriber:
        raise OwnRequest("the subscriber's own organisation cannot approve its request")
    if subscription.state is not State.REQUESTED:
        raise WrongState(f"subscription {subscription.id} is {subscription.state}")
    known = _kind(subscription.subscriber, kind)
    _require_basis(subscription, known)
    _require_fields(grant.fields, subscription.wanted)
    _require_clearance(grant.fields, feed, known)
    _require_scope(grant, feed)
    _require_period(grant, today)
    if any(grant.overlaps(other) for other in others):
        raise GrantOverlaps("another grant of this feed to this subscriber covers some of the days")
    active = replace(subscription, state=State.ACTIVE, grant=grant)
    event = GrantIssued(
        subscription_id=subscription.id,
        subscriber=subscription.subscriber,
        feed=subscription.feed,
        legal_basis=subscription.legal_basis,
        purpose=subscription.purpose,
        fields=grant.fields,
        valid_from=grant.valid_from,
        valid_to=grant.valid_to,
        approved_by=grant.approved_by,
        enterprises=None if grant.enterprises is None else tuple(sorted(grant.enterprises)),
    )
    return active, event


def revoke(subscription: Subscription, *, reason: str) -> tuple[Subscription, GrantRevoked]:
    """Withdraw a grant; raises :class:`WrongState` where none is active."""
    if subscription.state is not State.ACTIVE:
        raise WrongState(f"subscription {subscription.id} is {subscription.state}")
    revoked = replace(subscription, state=State.REVOKED, revoked_because=reason)
    return revoked, GrantRevoked(subscription_id=subscription.id, reason=reason)


def _kind(subscriber: str, kind: InstitutionKind | None) -> InstitutionKind:
    if kind is None:
        raise InstitutionUnknown(f"{subscriber} is not in the directory today")
    return kind


def _require_fields(fields: Sequence[str], allowed: Sequence[str]) -> None:
    wrong = tuple(
        Violation(
            code="field",
            zh="字段不在可选范围内",
            en="is not one of the fields that can be had here",
            field=f"/fields/{place}",
            limit=", ".join(allowed),
            actual=name,
        )
        for place, name in enumerate(fields)
        if name not in allowed
    )
    if wrong:
        raise FieldsNotInFeed("fields outside what can be had here", violations=wrong)


def _require_clearance(fields: Sequence[str], feed: Feed, kind: InstitutionKind) -> None:
    wrong = tuple(
        Violation(
            code="clearance",
            zh="该类机构不得获取此密级字段",
            en=f"a {kind} is not cleared for this class of data",
            field=f"/fields/{place}",
            limit=kind,
            actual=field.data_class.value,
        )
        for place, name in enumerate(fields)
        if (field := feed.field(name)) is not None and not cleared(kind, field)
    )
    if wrong:
        raise FieldsNotCleared("fields above the institution's clearance", violations=wrong)


def _require_basis(subscription: Subscription, kind: InstitutionKind) -> None:
    if subscription.legal_basis == "duty" and kind != "department":
        violation = Violation(
            code="duty",
            zh="只有政府部门可依职责获取，其他机构须经企业授权",
            en="only departments read by duty; others need the enterprise's consent",
            field="/legal_basis",
            limit="department",
            actual=kind,
        )
        raise LegalBasisInvalid("only departments read by duty", violations=(violation,))
    if subscription.legal_basis == "consent" and subscription.purpose not in CONSENT_PURPOSES:
        violation = Violation(
            code="purpose",
            zh="授权类订阅的用途须为企业可授权的用途之一",
            en="a subscription on consent has a purpose that enterprises can consent to",
            field="/purpose",
            limit=", ".join(CONSENT_PURPOSES),
            actual=subscription.purpose,
        )
        raise LegalBasisInvalid(
            "no enterprise can consent to this purpose", violations=(violation,)
        )


def _require_scope(grant: Grant, feed: Feed) -> None:
    if grant.enterprises is not None and feed.shared_attribute != "uscc":
        violation = Violation(
            code="scope",
            zh="该信息资源的条目不属于任何企业，不能限定企业范围",
            en="entries of this feed are no enterprise's; grant it without a scope",
            field="/enterprises",
            limit=feed.shared_attribute,
        )
        raise ScopeNotOfFeed(violation.en, violations=(violation,))


def _require_period(grant: Grant, today: date) -> None:
    days = (grant.valid_to - grant.valid_from).days
    if days <= 0 or days > LONGEST_DAYS or grant.valid_to <= today:
        violation = Violation(
            code="period",
            zh="期限须起早于止、止晚于今日、最长三年",
            en="must begin before it ends, end after today, last at most three years",
            field="/valid_to",
            limit=LONGEST_DAYS,
            actual=days,
        )
        raise GrantPeriodInvalid(
            "the period is not one that can be granted", violations=(violation,)
        )
