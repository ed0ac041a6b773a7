"""Use cases of the programmes: file, activate; and what other slices need of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from services.guarantee.fund import handlers as funds
from services.guarantee.known import handlers as institutions
from services.guarantee.programmes import rules, store
from services.guarantee.programmes.rules import Counters, PinnedPack, Programme
from services.guarantee.programmes.store import Stored
from shared.db.database import Transaction
from shared.events.guarantee import (
    BreakerRestored,
    BreakerTripped,
    BreakerWarned,
    ProgrammePackAdopted,
    YearOpened,
)
from shared.rulepack.catalogue import PackCatalogue
from shared.rulepack.pack import Pack
from shared.web.auth import Caller

PACKS = Path(__file__).with_name("packs")

StoredProgramme = Stored
"""A programme with its row's version, as other slices hold it."""

ProgrammeEvent = (
    BreakerWarned | BreakerTripped | BreakerRestored | YearOpened | ProgrammePackAdopted
)


@cache
def shipped_packs() -> PackCatalogue:
    """Read, check and prove the packs that this service ships; a bad one stops the start."""
    return PackCatalogue.from_directory(PACKS)


@dataclass(frozen=True, slots=True)
class Shown:
    """A programme with the counters that its reader may see."""

    stored: Stored
    counters: Sequence[Counters] = ()

    @property
    def version(self) -> int:
        """The programme's version, for the ETag."""
        return self.stored.version


def pack_of(packs: PackCatalogue, pin: PinnedPack) -> Pack:
    """Return the pinned pack; raises PackNotFound, or PackChanged if it is another by now."""
    # With a version named, the catalogue does not look at the day.
    versions = {pack.version: pack for pack in packs.versions(pin.id)}
    if pin.version not in versions:
        raise rules.PackChanged(f"rule pack {pin.id} has no version {pin.version}")
    rules.confirm_pin(pin, versions[pin.version])
    return versions[pin.version]


async def file_programme(work: Transaction, draft: Programme, *, pack: Pack, org: str) -> Shown:
    """File a fund's draft.

    Raises NotTheFund, ProgrammeUnworkable, FundNotFound and ProgrammeExists.
    """
    draft.require_fund(org)
    known = await institutions.institutions(work, [*draft.parties.values()])
    programme = rules.file(draft, pack, institutions=known)
    await funds.get(work, programme.fund)
    stored = await store.insert(work, programme)
    if stored is None:
        raise rules.ProgrammeExists(f"programme {programme.code} exists")
    return Shown(stored)


async def activate(
    work: Transaction, code: str, *, packs: PackCatalogue, by: Caller, expected_version: int
) -> Shown:
    """Activate a draft by a second person of its fund and publish it."""
    stored = await store.lock(work, code, expected_version=expected_version)
    stored.programme.require_fund(by.org)
    pack = pack_of(packs, stored.programme.pack)
    programme, event = rules.activate(stored.programme, pack, by=by.sub)
    version = work.publish_all([event], after=stored.version)
    return Shown(await store.save_activation(work, programme, version=version))


async def show(work: Transaction, code: str, *, reader: str | None) -> Shown:
    """Read a programme; banks see their own counters and the programme's, not each other's."""
    stored = await store.get(work, code)
    only_bank = _only_bank(stored.programme, reader)
    return Shown(stored, await store.counters_of(work, code, only_bank=only_bank))


async def only_bank_of(work: Transaction, code: str, *, reader: str | None) -> str | None:
    """Return whose figures a reader is limited to beside the programme's; None: to nobody's."""
    return _only_bank((await store.get(work, code)).programme, reader)


async def page(work: Transaction, *, after: str | None, limit: int) -> list[Shown]:
    """Read up to ``limit`` + 1 programmes in order of their codes, without counters."""
    return [Shown(stored) for stored in await store.page(work, after=after, limit=limit)]


async def get(work: Transaction, code: str) -> Stored:
    """Read a programme without locking it; raises ProgrammeNotFound."""
    return await store.get(work, code)


async def first_fund_on(work: Transaction, pack_id: str) -> str | None:
    """Return the fund whose programme was the first to run on a pack; None where none does."""
    return await store.first_fund_on(work, pack_id)


async def lock(work: Transaction, code: str, *, expected_version: int | None = None) -> Stored:
    """Lock a programme, before its counters and before its fund.

    Raises ProgrammeNotFound, or StaleVersion if it moved on.
    """
    return await store.lock(work, code, expected_version=expected_version)


async def repin(
    work: Transaction, stored: Stored, after: Programme, event: ProgrammeEvent
) -> Shown:
    """Store and publish that a locked programme pins another version of its pack."""
    await store.save_pin(work, after)
    return Shown(await publish(work, Stored(after, stored.version), [event]))


async def publish(work: Transaction, stored: Stored, events: Sequence[ProgrammeEvent]) -> Stored:
    """Publish events of a locked programme in its one sequence."""
    version = work.publish_all(events, after=stored.version)
    await store.save_version(work, stored.programme.code, version=version)
    return Stored(stored.programme, version)


async def take_quota(work: Transaction, code: str, *, amount_fen: int) -> None:
    """Let an amount fill the quota of a locked programme."""
    await store.move_enrolled(work, code, by_fen=amount_fen)


async def give_back_quota(work: Transaction, code: str, *, amount_fen: int) -> None:
    """Free what a closed guarantee filled of the quota."""
    await store.move_enrolled(work, code, by_fen=-amount_fen)


async def lock_counters(work: Transaction, *, programme: str, bank: str, year: int) -> Counters:
    """Lock counters of a year: of one bank, or of ``WHOLE_PROGRAMME``; locks the programme first.

    Absent ones begin at nothing, with an unknown prior year-end balance. Raises ProgrammeNotFound.
    """
    return await store.lock_counters(work, programme=programme, bank=bank, year=year)


async def save_counters(work: Transaction, counters: Counters) -> None:
    """Store counters that :func:`lock_counters` locked."""
    await store.save_counters(work, counters)


async def get_counters(
    work: Transaction, *, programme: str, bank: str, year: int
) -> Counters | None:
    """Read counters of a year without a lock, or None where nothing was counted."""
    return await store.get_counters(work, programme=programme, bank=bank, year=year)


def _only_bank(programme: Programme, reader: str | None) -> str | None:
    return None if reader in {None, programme.fund, *programme.parties.values()} else reader
