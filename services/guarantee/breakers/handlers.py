"""Use cases of the breakers: count classified loans, follow a new base, restore by decision."""

from collections.abc import Sequence

from services.guarantee.breakers import rules, store
from services.guarantee.breakers.rules import Breaker
from services.guarantee.breakers.store import Stored
from services.guarantee.guarantees import handlers as guarantees
from services.guarantee.programmes import handlers as programmes
from services.guarantee.programmes.handlers import StoredProgramme
from shared.db.database import Transaction
from shared.errors import Violation
from shared.events.credit import LoanClassified
from shared.events.envelope import Received
from shared.rulepack.catalogue import PackCatalogue


async def on_loan_classified(
    work: Transaction, received: Received[LoanClassified], *, packs: PackCatalogue
) -> None:
    """Count an enrolled loan's bad principal once, in its bank's year, and assess today's year.

    Locks the programme, then its counters. A loan without a letter counts nowhere.
    """
    event = received.data
    found = await guarantees.of_loan(work, event.loan_id)
    if found is None:
        return
    guarantee = found.guarantee
    programme = await programmes.lock(work, guarantee.application.programme)
    code = programme.programme.code
    if not programmes.pack_of(packs, programme.programme.pack).breakers:
        return
    opened = await programmes.get_counters(
        work, programme=code, bank=event.bank, year=event.classified_on.year
    )
    before = await store.counted(work, event.loan_id)
    after = rules.count(
        before,
        classification=event.classification,
        principal_fen=event.principal_outstanding_fen,
        covered_fen=guarantee.covered_fen,
        year=rules.year_of(event.classified_on, opened, today=work.today),
    )
    if before == after or (before is None and not after.fen):
        return
    counters = await programmes.lock_counters(
        work, programme=code, bank=event.bank, year=after.year
    )
    await programmes.save_counters(work, rules.moved(counters, before, after))
    await store.put_counted(work, event.loan_id, after)
    await assess(work, programme, event.bank, packs=packs)


async def assess(
    work: Transaction, stored: StoredProgramme, bank: str, *, packs: PackCatalogue
) -> None:
    """Hold a bank's figures of today's year against the pack; the programme is locked."""
    programme, year = stored.programme, work.today.year
    pack = programmes.pack_of(packs, programme.pack)
    counters = await programmes.get_counters(work, programme=programme.code, bank=bank, year=year)
    if counters is None or not pack.breakers:
        return
    before = await store.find(work, programme.code, bank) or Breaker(
        programme=programme.code,
        bank=bank,
        viewers=(bank, programme.fund, *programme.parties.values()),
        year=year,
        changed_on=work.today,
    )
    after, events = rules.assess(before, counters, pack, today=work.today)
    await store.put(work, after)
    if events:
        await programmes.publish(work, stored, events)


async def restore(
    work: Transaction,
    code: str,
    bank: str,
    *,
    org: str,
    reason: str,
    packs: PackCatalogue,
    expected_version: int,
) -> Stored:
    """Let a suspended bank enrol again, with this year's ratio below the threshold."""
    programme = await programmes.lock(work, code)
    stored = await store.get(work, code, bank, reader=org, expected_version=expected_version)
    pack = programmes.pack_of(packs, programme.programme.pack)
    counters = await programmes.lock_counters(work, programme=code, bank=bank, year=work.today.year)
    restored, event = rules.restore(
        stored.breaker, counters, pack, org=org, reason=reason, today=work.today
    )
    await programmes.publish(work, programme, [event])
    return await store.put(work, restored)


async def enrolment_refusal(work: Transaction, *, programme: str, bank: str) -> Violation | None:
    """Say why a bank may not enrol in a programme now, or None; call it under the programme's
    lock."""
    return rules.enrolment_refusal(await store.find(work, programme, bank))


async def get(work: Transaction, programme: str, bank: str, *, reader: str | None) -> Stored:
    """Read one breaker; raises BreakerNotFound."""
    return await store.get(work, programme, bank, reader=reader)


async def page(
    work: Transaction,
    *,
    reader: str | None,
    programme: str | None,
    after: tuple[str, str] | None,
    limit: int,
) -> Sequence[Stored]:
    """Read up to ``limit`` + 1 breakers in order of programme and bank."""
    return await store.page(work, reader=reader, programme=programme, after=after, limit=limit)
