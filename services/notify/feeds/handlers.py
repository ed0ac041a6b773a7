"""Use cases of the feeds: append what happened, show what may be known now, wait for more."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date

from services.notify.catalogue.rules import Feed, feed_of, feeds_of
from services.notify.disclosures import handlers as disclosures
from services.notify.disclosures.rules import Disclosure
from services.notify.feeds import rules, store
from services.notify.feeds.rules import Extent, NoGrant, PastRetention, Shown
from services.notify.grants import handlers as grants
from services.notify.grants.rules import Subscription
from services.notify.known import handlers as known
from shared.clock import start_of
from shared.db.database import Database, Transaction
from shared.events.envelope import Event, Received
from shared.web import paging
from shared.web.auth import Caller

SCAN = 500
"""Entries that are decided on per query."""

SCANS = 20
"""Queries per read: a reader who may see little still gets an answer in bounded time."""

RECHECK_S = 0.2
"""How often a feed is looked at while somebody waits for it."""

MOST_WAITING = 200
"""Long polls that wait at once in one process; one more is answered as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFeed:
    """One request: ``after`` is a cursor; ``from_snapshot`` reads what the retention left."""

    feed: Feed
    caller: Caller
    after: str | None
    limit: int
    timeout_s: int
    from_snapshot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a read shows, the position that it has read up to, and how far the feed reaches.

    A page may be empty although entries follow: the reader may see none of those decided on.
    """

    feed: Feed
    subscription: Subscription
    shown: tuple[Shown, ...]
    position: int
    extent: Extent
    from_snapshot: bool
    from_cursor: bool

    @property
    def at_end(self) -> bool:
        """Whether nothing followed when it was read."""
        return self.position >= self.extent.newest

    @property
    def goes_on_in_snapshot(self) -> bool:
        """Whether the feed itself would refuse to go on from here."""
        return self.from_snapshot and self.position < self.extent.horizon

    @property
    def passed_over_snapshot(self) -> bool:
        """Whether a first read began after older states that the snapshot still has."""
        return not (self.from_cursor or self.from_snapshot) and self.extent.horizon > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What a pruning did."""

    feed: str
    removed: int
    horizon: int


class FeedWatch:
    """Lets requests of one process wait for a feed; they share one look at it per interval."""

    def __init__(self, database: Database) -> None:
        """Watch the feeds of a database."""
        self._database = database
        self._lock = asyncio.Lock()
        self._seen: dict[str, tuple[float, int]] = {}
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many requests wait at this moment."""
        return self._waiting

    async def passed(
        self, feed: str, position: int, *, until: float, gone: Callable[[], Awaitable[bool]]
    ) -> bool:
        """Return True once the feed is past a position; False when time or client is gone.

        ``until`` is an instant of the running loop's own clock.
        """
        if self._waiting >= MOST_WAITING:
            return False
        loop = asyncio.get_running_loop()
        self._waiting += 1
        try:
            while (left := until - loop.time()) > 0 and not await gone():
                if await self._newest(feed) > position:
                    return True
                await asyncio.sleep(min(RECHECK_S, left))
        finally:
            self._waiting -= 1
        return False

    async def _newest(self, feed: str) -> int:
        loop = asyncio.get_running_loop()
        async with self._lock:
            looked_at, newest = self._seen.get(feed, (-math.inf, 0))
            if loop.time() - looked_at < RECHECK_S:
                return newest
            async with self._database.read() as work:
                extent = await store.extent(work, feed)
            self._seen[feed] = (loop.time(), extent.newest)
            return extent.newest


async def on_event(work: Transaction, received: Received[Event]) -> None:
    """Append an event to the feeds that carry its type."""
    for feed in feeds_of(type(received.data)):
        await store.append(work, rules.draft(feed, received))


async def read(
    database: Database, request: ReadFeed, *, watch: FeedWatch, gone: Callable[[], Awaitable[bool]]
) -> Batch:
    """Read a feed, waiting up to ``timeout_s`` for something to show.

    Each look is a unit of work of its own: grants and consents are those of that moment, and what
    is shown is logged in it. Raises ``NoGrant``, ``PastRetention`` or a cursor's refusal.
    """
    until = asyncio.get_running_loop().time() + request.timeout_s
    position = None if request.after is None else _position(request.feed, request.after)
    while True:
        async with database.transaction() as work:
            batch = await _look(work, request, position)
        position = batch.position
        if batch.shown:
            return batch
        if not await watch.passed(request.feed.code, position, until=until, gone=gone):
            return batch


async def prune(work: Transaction, feed_code: str, *, before: date) -> Pruned:
    """Remove what the retention no longer covers and later entries supersede."""
    feed = feed_of(feed_code)
    rules.require_retention_over(feed, before=before, today=work.today)
    extent, removed = await store.prune(work, feed.code, before=start_of(before))
    return Pruned(feed=feed.code, removed=removed, horizon=extent.horizon)


def cursor(feed: str, position: int) -> str:
    """Return the opaque cursor of a position in a feed."""
    return paging.encode_cursor(feed, position)


def _position(feed: Feed, text: str) -> int:
    code, position = paging.decode_cursor(text, str, int)
    if code != feed.code:
        raise rules.another_feeds_cursor()
    return int(position)


async def _look(work: Transaction, request: ReadFeed, position: int | None) -> Batch:
    feed, org = request.feed, request.caller.org
    subscription = await grants.in_force(work, org, feed.code)
    if subscription is None or await known.institution(work, org) is None:
        raise NoGrant(f"no grant lets {org} read {feed.code} today")
    extent = await store.extent(work, feed.code)
    start = _start(request, position, extent)
    shown, position = await _scan(work, request, subscription, start)
    if shown:
        await _log(work, request.caller, subscription, shown)
    return Batch(
        feed=feed,
        subscription=subscription,
        shown=shown,
        position=position,
        extent=extent,
        from_snapshot=request.from_snapshot,
        from_cursor=request.after is not None,
    )


def _start(request: ReadFeed, position: int | None, extent: Extent) -> int:
    if position is None:
        return 0 if request.from_snapshot else extent.horizon
    rules.require_position(position, extent)
    if position < extent.horizon and not request.from_snapshot:
        raise PastRetention(request.feed.code)
    return position


async def _scan(
    work: Transaction, request: ReadFeed, subscription: Subscription, position: int
) -> tuple[tuple[Shown, ...], int]:
    """Decide entry by entry until the page is full, the feed ends, or the bound is reached."""
    shown: list[Shown] = []
    feed, org = request.feed, request.caller.org
    for _ in range(SCANS):
        entries = await store.entries(work, feed.code, after=position, limit=SCAN)
        usccs = {entry.uscc for entry in entries if entry.uscc is not None}
        consents = await known.consents_to(work, org, sorted(usccs))
        for entry in entries:
            position = entry.position
            found = rules.decide(
                entry,
                feed=feed,
                subscription=subscription,
                consents=consents.get(entry.uscc or "", ()),
                today=work.today,
            )
            if found is not None:
                shown.append(found)
            if len(shown) == request.limit:
                return tuple(shown), position
        if len(entries) < SCAN:
            break
    return tuple(shown), position


async def _log(
    work: Transaction, caller: Caller, subscription: Subscription, shown: tuple[Shown, ...]
) -> None:
    read_id = work.new_id()
    rows = tuple(
        Disclosure(
            read_id=read_id,
            position=found.entry.position,
            subscriber=caller.org,
            person=caller.sub,
            feed=subscription.feed,
            event_id=found.entry.event_id,
            uscc=found.entry.uscc,
            fields=tuple(found.data),
            purpose=subscription.purpose,
            legal_basis=subscription.legal_basis,
            subscription_id=subscription.id,
            consent_id=found.consent_id,
            disclosed_at=work.now,
        )
        for found in shown
    )
    await disclosures.record(work, rows)
