"""Use cases of the subscriptions."""

from uuid import UUID

from services.notify.catalogue.rules import feed_of
from services.notify.grants import rules, store
from services.notify.grants.rules import Grant, Subscription, SubscriptionId
from services.notify.grants.schemas import ApproveSubscription, RequestSubscription
from services.notify.grants.store import Stored
from services.notify.known import handlers as known
from shared.db.database import Transaction
from shared.events.registry import InstitutionKind
from shared.web.auth import Caller


async def request_subscription(
    work: Transaction, body: RequestSubscription, *, caller: Caller
) -> Stored:
    """Ask for a feed on behalf of the caller's organisation."""
    subscription = Subscription(
        id=SubscriptionId(work.new_id()),
        subscriber=caller.org,
        feed=body.feed,
        purpose=body.purpose,
        legal_basis=body.legal_basis,
        wanted=tuple(dict.fromkeys(body.fields)),
        requested_by=caller.sub,
    )
    requested, event = rules.request(
        subscription, feed=feed_of(body.feed), kind=await _kind(work, caller.org)
    )
    version = work.publish_all([event], after=0)
    return await store.insert(work, requested, version=version)


async def approve_subscription(
    work: Transaction,
    subscription_id: UUID,
    body: ApproveSubscription,
    *,
    caller: Caller,
    expected_version: int,
) -> Stored:
    """Grant a subscription: these fields, of these enterprises, in this period."""
    stored = await store.lock(work, subscription_id, expected_version=expected_version)
    subscription = stored.subscription
    active = await store.lock_active(work, subscription.subscriber, subscription.feed)
    approved, event = rules.approve(
        subscription,
        Grant(
            fields=tuple(dict.fromkeys(body.fields)),
            valid_from=body.valid_from,
            valid_to=body.valid_to,
            approved_by=caller.sub,
            enterprises=None if body.enterprises is None else frozenset(body.enterprises),
        ),
        feed=feed_of(subscription.feed),
        kind=await _kind(work, subscription.subscriber),
        approver_org=caller.org,
        others=[other.grant for other in active if other.grant is not None],
        today=work.today,
    )
    version = work.publish_all([event], after=stored.version)
    return await store.save(work, approved, version=version)


async def revoke_subscription(
    work: Transaction, subscription_id: UUID, *, reason: str, expected_version: int
) -> Stored:
    """Withdraw a grant: the very next read has nothing."""
    stored = await store.lock(work, subscription_id, expected_version=expected_version)
    revoked, event = rules.revoke(stored.subscription, reason=reason)
    version = work.publish_all([event], after=stored.version)
    return await store.save(work, revoked, version=version)


async def in_force(work: Transaction, subscriber: str, feed: str) -> Subscription | None:
    """Return the subscription that lets an organisation read a feed today, if one does."""
    return await store.in_force(work, subscriber, feed)


async def _kind(work: Transaction, org: str) -> InstitutionKind | None:
    institution = await known.institution(work, org)
    return None if institution is None else institution.kind
