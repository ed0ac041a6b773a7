"""Use cases of the enterprises; other slices of registry change an enterprise through these."""

from collections.abc import Sequence

from services.registry.enterprises import rules, store
from services.registry.enterprises.rules import Change, Enterprise, Profile, Stored
from shared.db.database import Transaction
from shared.events.envelope import Event


async def register(work: Transaction, enterprise: Enterprise) -> Stored:
    """Register an enterprise or correct its entry."""
    known = (await store.lock_or_enter(work, [enterprise])).get(enterprise.uscc.code)
    registered, events = rules.register(known.enterprise if known else None, enterprise)
    return await publish(work, Stored(registered, known.version if known else 0), events)


async def record_profile(
    work: Transaction, uscc: str, profile: Profile, *, expected_version: int
) -> Stored:
    """Record figures about an enterprise."""
    stored = await store.lock(work, uscc, expected_version=expected_version)
    changed, events = rules.record_profile(stored.enterprise, profile)
    return await publish(work, Stored(changed, stored.version), events)


async def lock(work: Transaction, uscc: str) -> Stored:
    """Lock an enterprise for a change by another slice."""
    return await store.lock(work, uscc)


async def lock_or_enter(
    work: Transaction, entries: Sequence[Enterprise], *, also: Sequence[str]
) -> dict[str, Stored]:
    """Lock several enterprises, also those yet unknown; return the known ones by code."""
    return await store.lock_or_enter(work, entries, also=also)


async def publish(work: Transaction, stored: Stored, events: Sequence[Event]) -> Stored:
    """Publish an enterprise's events after its version and save what it became."""
    if not events:
        return stored
    saved = Stored(stored.enterprise, work.publish_all(events, after=stored.version))
    await store.save_many(work, [Change(saved, stored.version)])
    return saved


async def save_many(work: Transaction, changes: Sequence[Change]) -> None:
    """Save enterprises whose events are published."""
    await store.save_many(work, changes)
