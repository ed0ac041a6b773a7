"""SQL of the subscriptions; maps rows to the rules' types."""

from dataclasses import dataclass
from uuid import UUID

from services.notify.grants.rules import Grant, State, Subscription, SubscriptionId
from shared.db.database import Row, Transaction
from shared.errors import NotFound, StaleVersion, ensure

_COLUMNS = (
    "id, version, subscriber, feed, purpose, legal_basis, wanted, requested_by, state, fields, "
    "valid_from, valid_to, approved_by, enterprises, revoked_because"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A subscription with the version that its row has."""

    subscription: Subscription
    version: int


async def insert(work: Transaction, subscription: Subscription, *, version: int) -> Stored:
    """Store a new request."""
    await work.execute(
        "INSERT INTO subscription (id, version, subscriber, feed, purpose, legal_basis, wanted, "
        "requested_by, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        subscription.id,
        version,
        subscription.subscriber,
        subscription.feed,
        subscription.purpose,
        subscription.legal_basis,
        list(subscription.wanted),
        subscription.requested_by,
        subscription.state,
    )
    return Stored(subscription, version)


async def lock(work: Transaction, subscription_id: UUID, *, expected_version: int) -> Stored:
    """Lock a subscription for a change; raises NotFound, or StaleVersion if it moved on."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM subscription WHERE id = $1 FOR UPDATE",  # noqa: S608 - constant
        subscription_id,
    )
    if row is None:
        raise NotFound(f"no subscription {subscription_id}")
    if row["version"] != expected_version:
        raise StaleVersion(f"subscription {subscription_id} is at version {row['version']}")
    return _stored(row)


async def lock_active(work: Transaction, subscriber: str, feed: str) -> list[Subscription]:
    """Return a subscriber's active subscriptions of a feed; until the end no other is approved."""
    await work.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('grant ' || $1 || ' ' || $2, 0))",
        subscriber,
        feed,
    )
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM subscription "  # noqa: S608 - constant columns
        "WHERE subscriber = $1 AND feed = $2 AND state = 'ACTIVE' ORDER BY id",
        subscriber,
        feed,
    )
    return [_stored(row).subscription for row in rows]


async def save(work: Transaction, subscription: Subscription, *, version: int) -> Stored:
    """Store a changed subscription, whose row is locked."""
    grant = subscription.grant
    tag = await work.execute(
        "UPDATE subscription SET version = $2, state = $3, fields = $4, valid_from = $5, "
        "valid_to = $6, approved_by = $7, enterprises = $8, revoked_because = $9 WHERE id = $1",
        subscription.id,
        version,
        subscription.state,
        None if grant is None else list(grant.fields),
        None if grant is None else grant.valid_from,
        None if grant is None else grant.valid_to,
        None if grant is None else grant.approved_by,
        None if grant is None or grant.enterprises is None else sorted(grant.enterprises),
        subscription.revoked_because,
    )
    ensure(tag == "UPDATE 1", "a locked subscription exists")
    return Stored(subscription, version)


async def get(work: Transaction, subscription_id: UUID, *, reader: str | None) -> Stored:
    """Read a subscription; ``reader`` limits it to one subscriber, None reads any."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM subscription "  # noqa: S608 - constant columns
        "WHERE id = $1 AND ($2::text IS NULL OR subscriber = $2)",
        subscription_id,
        reader,
    )
    if row is None:
        raise NotFound(f"no subscription {subscription_id}")
    return _stored(row)


async def page(
    work: Transaction, *, reader: str | None, feed: str | None, after: UUID | None, limit: int
) -> list[Stored]:
    """Read up to ``limit`` + 1 subscriptions in id order, after one id."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM subscription "  # noqa: S608 - constant columns
        "WHERE ($1::text IS NULL OR subscriber = $1) AND ($2::text IS NULL OR feed = $2) "
        "AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4",
        reader,
        feed,
        after,
        limit + 1,
    )
    return [_stored(row) for row in rows]


async def in_force(work: Transaction, subscriber: str, feed: str) -> Subscription | None:
    """Return the subscription whose grant is in force today; there is at most one."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM subscription "  # noqa: S608 - constant columns
        "WHERE subscriber = $1 AND feed = $2 AND state = 'ACTIVE' "
        "AND valid_from <= $3 AND $3 < valid_to",
        subscriber,
        feed,
        work.today,
    )
    return None if row is None else _stored(row).subscription


def _stored(row: Row) -> Stored:
    grant = None
    if row["fields"] is not None:
        grant = Grant(
            fields=tuple(row["fields"]),
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
            approved_by=row["approved_by"],
            enterprises=None if row["enterprises"] is None else frozenset(row["enterprises"]),
        )
    subscription = Subscription(
        id=SubscriptionId(row["id"]),
        subscriber=row["subscriber"],
        feed=row["feed"],
        purpose=row["purpose"],
        legal_basis=row["legal_basis"],
        wanted=tuple(row["wanted"]),
        requested_by=row["requested_by"],
        state=State(row["state"]),
        grant=grant,
        revoked_because=row["revoked_because"],
    )
    return Stored(subscription, row["version"])
