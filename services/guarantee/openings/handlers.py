"""Use cases of the openings: file a base, confirm it by a second person, read its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.guarantee.breakers import handlers as breakers
from services.guarantee.openings import rules, store
from services.guarantee.openings.rules import Opening, OpeningId
from services.guarantee.openings.store import Stored
from services.guarantee.programmes import handlers as programmes
from services.guarantee.programmes.rules import WHOLE_PROGRAMME
from shared.db.database import Transaction
from shared.rulepack.catalogue import PackCatalogue
from shared.web.auth import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a person states: the balance at the end of the year before ``year``."""

    year: int
    bank: str
    balance_fen: int


async def file_opening(work: Transaction, code: str, statement: Statement, *, by: Caller) -> Stored:
    """File a base for the programme's fund, in the place of one that still waits.

    Raises ProgrammeNotFound, NotTheFund, YearNotBegun.
    """
    programme = (await programmes.lock(work, code)).programme
    programme.require_fund(by.org)
    opening = rules.file(
        Opening(
            id=OpeningId(work.new_id()),
            programme=code,
            bank=statement.bank,
            year=statement.year,
            balance_fen=statement.balance_fen,
            filed_by=by.sub,
            filed_on=work.today,
        )
    )
    await store.supersede(work, opening)
    return await store.insert(work, opening)


async def confirm_opening(
    work: Transaction,
    code: str,
    opening_id: UUID,
    *,
    by: Caller,
    packs: PackCatalogue,
    expected_version: int,
) -> Stored:
    """Let a second person of the fund make a filed figure the base; a bank's breaker follows it."""
    programme = await programmes.lock(work, code)
    programme.programme.require_fund(by.org)
    stored = await store.get(work, code, opening_id, expected_version=expected_version)
    opening = stored.opening
    counters = await programmes.lock_counters(
        work, programme=code, bank=opening.bank, year=opening.year
    )
    confirmed, opened, event = rules.confirm(opening, counters, by=by.sub, today=work.today)
    await programmes.save_counters(work, opened)
    after = await store.save(work, confirmed, version=stored.version + 1)
    programme = await programmes.publish(work, programme, [event])
    if opening.bank != WHOLE_PROGRAMME:
        await breakers.assess(work, programme, opening.bank, packs=packs)
    return after


async def get(work: Transaction, code: str, opening_id: UUID, *, reader: str | None) -> Stored:
    """Read an opening; raises ProgrammeNotFound, OpeningNotFound."""
    only_bank = await programmes.only_bank_of(work, code, reader=reader)
    return await store.get(work, code, opening_id, only_bank=only_bank)


async def page(
    work: Transaction, code: str, *, reader: str | None, after: UUID | None, limit: int
) -> Sequence[Stored]:
    """Read up to ``limit`` + 1 openings, oldest first: every figure that ever was the base."""
    only_bank = await programmes.only_bank_of(work, code, reader=reader)
    return await store.page(work, code, only_bank=only_bank, after=after, limit=limit)
