"""Redrive of parked keys: one key, or every key whose head failed in the same way."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from shared.db.database import Database
from shared.errors import Malformed
from shared.messaging import parking
from shared.messaging.apply import Applier
from shared.messaging.parking import HeldKey

PAGE_KEYS = 100
PREVIEW_KEYS = 20
"""Keys of a group that a dry run tries; the group's other keys failed in the same way."""


class NothingParked(Malformed):
    """No key is parked that the request could mean."""

    code = "nothing-parked"
    title_zh = "没有符合条件的搁置键"
    title_en = "Nothing of that kind is parked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which keys: one (topic and key), or a group (fingerprint)."""

    topic: str | None = None
    key: str | None = None
    fingerprint: str | None = None

    def target(self) -> dict[str, str]:
        """Return it as a request's target."""
        parts = {"topic": self.topic, "key": self.key, "fingerprint": self.fingerprint}
        return {name: value for name, value in parts.items() if value is not None}


async def preview(
    database: Database, applier: Applier, selection: Selection
) -> Mapping[str, object]:
    """Tell what a redrive would do, and undo it: per key what is applied and what holds it then.

    Raises :class:`NothingParked` when nothing is selected.
    """
    held, waiting = 0, 0
    tried: list[Mapping[str, object]] = []
    async for found in _selected(database, applier.consumer, selection):
        held += 1
        waiting += found.waiting
        if len(tried) < PREVIEW_KEYS:
            outcomes, reason = await applier.rehearse(found.topic, found.key)
            applied = {str(outcome): count for outcome, count in outcomes.items()}
            tried.append(
                {"topic": found.topic, "key": found.key, "outcomes": applied, "held_for": reason}
            )
    if not held:
        raise NothingParked(f"nothing is parked that matches {selection.target()}")
    return {"keys": held, "events": waiting, "tried": tried}


async def carry_out(database: Database, applier: Applier, selection: Selection) -> dict[str, int]:
    """Replay the selected keys, each in order; returns counts by outcome and of keys.

    Killed half-way it may run again: what was applied is not parked any more.
    """
    outcomes: Counter[str] = Counter()
    async for found in _selected(database, applier.consumer, selection):
        counts = await applier.redrive(found.topic, found.key)
        outcomes["keys"] += 1
        outcomes.update({str(outcome): count for outcome, count in counts.items()})
    return dict(outcomes)


async def _selected(
    database: Database, consumer: str, selection: Selection
) -> AsyncIterator[HeldKey]:
    if selection.key is not None:
        async with database.read() as work:
            found = await parking.held_keys(
                work, consumer, topic=selection.topic, key=selection.key, limit=1
            )
        for held in found:
            yield held
        return
    after = ("", "")
    while True:
        async with database.read() as work:
            page = await parking.held_keys(
                work,
                consumer,
                topic=selection.topic,
                fingerprint=selection.fingerprint,
                after=after,
                limit=PAGE_KEYS,
            )
        for held in page:
            yield held
        if len(page) < PAGE_KEYS:
            return
        after = (page[-1].topic, page[-1].key)
