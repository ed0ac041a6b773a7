"""Use cases of the rulebook: draft, revise, withdraw, activate, retire; the packs that decide."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from uuid import UUID

from services.guarantee.programmes import handlers as programmes
from services.guarantee.programmes.handlers import shipped_packs
from services.guarantee.rulebook import rules, store
from services.guarantee.rulebook.rules import End, Standing, Version, VersionState
from services.guarantee.rulebook.store import Stored
from shared.db.database import Transaction
from shared.events.guarantee_pack import RulePackActivated, RulePackEnded
from shared.rulepack.catalogue import PackCatalogue
from shared.rulepack.diff import Change, changes
from shared.rulepack.errors import PackNotFound
from shared.rulepack.loader import load_pack
from shared.rulepack.pack import Pack
from shared.signing import Signer
from shared.web.auth import Caller

DRAFT_FILE = "draft"
"""The name that refusals of a draft carry in place of a file's."""


class Rulebook:
    """The packs that decide now: the shipped ones, and those that were activated since.

    What was read is kept until the rulebook's revision changes; a revision is never used again.
    """

    def __init__(self, shipped: PackCatalogue) -> None:
        """Nothing is read yet."""
        self._shipped = shipped
        self._held: tuple[UUID | None, PackCatalogue] = (None, shipped)

    async def current(self, work: Transaction) -> PackCatalogue:
        """Return the packs as they are in this unit of work; raises VersionChanged."""
        revision = await store.revision(work)
        if revision != self._held[0]:
            stored = await store.active(work)
            ends = {(end.pack_id, end.number): end.ends_on for end in await store.ends(work)}
            packs = self._shipped.with_more([_pack_of(version) for version in stored], ends)
            self._held = (revision, packs)
        return self._held[1]


RULEBOOK = Rulebook(shipped_packs())


async def draft(work: Transaction, content: str, *, by: Caller) -> Stored:
    """Take a draft whose own examples come out.

    Raises MalformedPack, ExamplesFailed, ForeignPack, VersionTaken, VersionsOverlap.
    """
    pack = load_pack(content.encode(), DRAFT_FILE)
    await store.lock(work)
    await _require_owner(work, pack.id, by)
    packs = await RULEBOOK.current(work)
    shipped = [known.version for known in packs.list() if known.id == pack.id]
    newest = max(await store.newest_number(work, pack.id), *shipped, 0)
    version = rules.draft(pack, content, by=by.sub, org=by.org, now=work.now, newest=newest)
    # The day may be over by the activation: only then is it final.
    rules.place(pack, _standing(packs, pack.id), today=min(work.today, pack.valid_from))
    return await store.insert(work, version)


async def revise(
    work: Transaction, pack_id: str, number: int, content: str, *, by: Caller, expected_version: int
) -> Stored:
    """Replace a draft's content; raises as :func:`draft` does."""
    pack = load_pack(content.encode(), DRAFT_FILE)
    stored = await _open(work, pack_id, number, expected_version)
    version = rules.revise(stored.drafted, pack, content, by=by.sub, org=by.org, now=work.now)
    packs = await RULEBOOK.current(work)
    rules.place(pack, _standing(packs, pack.id), today=min(work.today, pack.valid_from))
    return await store.save(work, stored, version)


async def withdraw(
    work: Transaction, pack_id: str, number: int, *, by: Caller, expected_version: int
) -> Stored:
    """Give a draft up."""
    stored = await _open(work, pack_id, number, expected_version)
    return await store.save(work, stored, rules.withdraw(stored.drafted, org=by.org))


async def activate(
    work: Transaction,
    pack_id: str,
    number: int,
    *,
    by: Caller,
    signer: Signer,
    expected_version: int,
) -> Stored:
    """Let another person make a draft decide; the version before it is superseded.

    Raises FourEyes, ForeignPack, VersionInOtherState, VersionsOverlap, Backdated.
    """
    stored = await _open(work, pack_id, number, expected_version)
    active = rules.activate(stored.drafted, by=by.sub, org=by.org, now=work.now)
    await _require_owner(work, pack_id, by)
    pack = _pack_of(active)
    others = _standing(await RULEBOOK.current(work), pack_id)
    before = rules.place(pack, others, today=work.today)
    if before is not None:
        reason = f"superseded by version {pack.version}"
        end = End(before.id, before.version, pack.valid_from, "superseded", reason, by.sub)
        await _end(work, end)
    signed = replace(active, signature=signer.sign(active.statement))
    work.publish(_activated(signed))
    saved = await store.save(work, stored, signed)
    await store.renew(work)
    return saved


async def retire(
    work: Transaction, pack_id: str, number: int, *, ends_on: date, reason: str, by: Caller
) -> End:
    """End a version, shipped or drafted here, that has no successor.

    Raises PackNotFound, ForeignPack, VersionInOtherState, EndBeforeToday.
    """
    await store.lock(work)
    packs = await RULEBOOK.current(work)
    pack = version_of(packs, pack_id, number)
    await _require_owner(work, pack_id, by)
    end = End(pack_id, number, ends_on, "retired", reason, by.sub)
    standing = Standing(pack, packs.end_of(pack))
    await _end(work, rules.retire(standing, end, today=work.today))
    await store.renew(work)
    return end


async def _require_owner(work: Transaction, pack_id: str, by: Caller) -> None:
    owner = await store.first_org_of(work, pack_id) or await programmes.first_fund_on(work, pack_id)
    rules.require_owner(pack_id, owner, org=by.org)


async def get(work: Transaction, pack_id: str, number: int, *, reader: str | None) -> Stored:
    """Read a version that was drafted here; raises VersionNotFound."""
    stored = await store.get(work, pack_id, number)
    if stored.drafted.state is not VersionState.ACTIVE and reader not in {None, stored.drafted.org}:
        raise rules.VersionNotFound(f"no version {number} of {pack_id} was drafted here")
    return stored


async def page(
    work: Transaction,
    *,
    reader: str | None,
    state: VersionState | None,
    after: tuple[str, int],
    limit: int,
) -> Sequence[Stored]:
    """Read up to ``limit`` + 1 versions by pack and number; drafts of the reader's alone."""
    return await store.page(work, reader=reader, state=state, after=after, limit=limit)


async def any_version(work: Transaction, pack_id: str, number: int, *, reader: str | None) -> Pack:
    """Return a version whatever its state; raises PackNotFound or VersionNotFound."""
    packs = await RULEBOOK.current(work)
    try:
        return version_of(packs, pack_id, number)
    except PackNotFound:
        return _pack_of((await get(work, pack_id, number, reader=reader)).drafted)


async def compare(
    work: Transaction, pack_id: str, *, before: int, after: int, reader: str | None
) -> tuple[Pack, Pack, Sequence[Change]]:
    """Say in words what differs between two versions of a pack."""
    old = await any_version(work, pack_id, before, reader=reader)
    new = await any_version(work, pack_id, after, reader=reader)
    return old, new, changes(old, new)


def version_of(packs: PackCatalogue, pack_id: str, number: int) -> Pack:
    """Return one version of a pack; raises PackNotFound."""
    for pack in packs.versions(pack_id):
        if pack.version == number:
            return pack
    raise PackNotFound(f"rule pack {pack_id} has no version {number}")


def _standing(packs: PackCatalogue, pack_id: str) -> list[Standing]:
    return [Standing(pack, packs.end_of(pack)) for pack in packs.list() if pack.id == pack_id]


async def _open(work: Transaction, pack_id: str, number: int, expected_version: int) -> Stored:
    await store.lock(work)
    return await store.get_current(work, pack_id, number, expected_version=expected_version)


async def _end(work: Transaction, end: End) -> None:
    await store.insert_end(work, end)
    work.publish(
        RulePackEnded(
            rule_pack_id=end.pack_id,
            rule_pack_version=end.number,
            ends_on=end.ends_on,
            ending=end.ending,
            reason=end.reason,
        )
    )


def _activated(version: Version) -> RulePackActivated:
    signed = version.signature
    return RulePackActivated(
        rule_pack_id=version.pack_id,
        rule_pack_version=version.number,
        rule_pack_digest=version.digest.removeprefix("sha256:"),
        valid_from=version.valid_from,
        valid_to=version.valid_to,
        drafted_by=version.drafted_by,
        activated_by=version.activated_by or "",
        signature="" if signed is None else base64.b64encode(signed.signature).decode(),
        public_key="" if signed is None else base64.b64encode(signed.public_key).decode(),
    )


def _pack_of(version: Version) -> Pack:
    pack = _read(version.content)
    if pack.digest != version.digest:
        raise rules.VersionChanged(f"version {version.number} of {version.pack_id} was changed")
    return pack


@lru_cache(maxsize=256)
def _read(content: str) -> Pack:
    return load_pack(content.encode(), DRAFT_FILE)
