"""Use cases of the replays: ask for one, and the chore that carries it out page by page."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.guarantee.losses import handlers as losses
from services.guarantee.programmes import handlers as programmes
from services.guarantee.programmes.rules import WHOLE_PROGRAMME, Counters, PinnedPack, confirm_pin
from services.guarantee.replays import rules, store
from services.guarantee.replays.rules import Replay, ReplayId, Row
from services.guarantee.replays.store import Stored
from services.guarantee.rulebook import handlers as rulebook
from shared.db.database import Database, Transaction
from shared.errors import DomainError
from shared.rulepack.errors import SectionMissing
from shared.rulepack.pack import Pack
from shared.web.auth import Caller

REPLAY_EVERY_S = 5
PAGE = 200
"""Decisions of one turn: what is replayed again if a process dies in it."""


async def ask(
    work: Transaction, pack_id: str, number: int, *, programme: str, year: int, by: Caller
) -> Stored:
    """Ask what a year of a fund's programme would have cost under a version, drafts included.

    Raises NotTheFund, ProgrammeNotFound, PackNotFound, VersionNotFound, SectionMissing,
    YearNotOpened, and Malformed for a pack that reads a counter that nobody keeps.
    """
    (await programmes.get(work, programme)).programme.require_fund(by.org)
    pack = await rulebook.any_version(work, pack_id, number, reader=by.org)
    if not pack.tiers:
        raise SectionMissing(f"pack {pack.id} shares no loss")
    (await _base(work, programme, year)).as_inputs(pack)
    replay = Replay(
        id=ReplayId(work.new_id()),
        programme=programme,
        year=year,
        pack=PinnedPack.of(pack),
        org=by.org,
        asked_by=by.sub,
        asked_at=work.now,
        total=await losses.count_decided(work, programme=programme, year=year),
        counter_moves={},
        before_fen={},
        after_fen=dict.fromkeys(pack.order, 0),
    )
    return await store.insert(work, replay)


async def replay_some(database: Database) -> bool:
    """Replay the next page of one replay; True where more may wait."""
    async with database.transaction() as work:
        stored = await store.claim_one(work)
        if stored is None:
            return False
        after, rows = await _page(work, stored.replay)
        await store.save(work, stored, after, rows)
    return True


async def _page(work: Transaction, replay: Replay) -> tuple[Replay, Sequence[Row]]:
    try:
        pack = await _pack(work, replay)
    except DomainError as error:
        # The draft was revised or withdrawn meanwhile: what was replayed is of another text.
        return rules.finish(replay, now=work.now, failure=f"{error.code}: {error.detail}"), ()
    base = await _base(work, replay.programme, replay.year)
    decided = await losses.decided(
        work,
        programme=replay.programme,
        year=replay.year,
        after=replay.position,
        limit=min(PAGE, replay.total - replay.done),
    )
    after, rows = rules.go_on(replay, pack, base, decided)
    return (rules.finish(after, now=work.now) if after.done == after.total else after), rows


async def _pack(work: Transaction, replay: Replay) -> Pack:
    pinned = replay.pack
    pack = await rulebook.any_version(work, pinned.id, pinned.version, reader=replay.org)
    confirm_pin(pinned, pack)
    return pack


async def _base(work: Transaction, programme: str, year: int) -> Counters:
    found = await programmes.get_counters(
        work, programme=programme, bank=WHOLE_PROGRAMME, year=year
    )
    counters = found or Counters(programme=programme, bank=WHOLE_PROGRAMME, year=year)
    return replace(counters, pool_paid_fen=0, claims_paid_fen=0)


async def get(work: Transaction, replay_id: UUID, *, reader: str | None) -> Stored:
    """Read a replay's progress and sums; raises ReplayNotFound."""
    return await store.get(work, replay_id, reader=reader)


async def rows(
    work: Transaction, replay_id: UUID, *, reader: str | None, after: int, limit: int
) -> Sequence[Row]:
    """Read up to ``limit`` + 1 rows of a replay; raises ReplayNotFound."""
    await store.get(work, replay_id, reader=reader)
    return await store.rows(work, replay_id, after=after, limit=limit)
