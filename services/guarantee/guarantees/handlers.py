"""Use cases of the guarantees: from the decision on an application to its release or closing."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.guarantee.fund import handlers as funds
from services.guarantee.guarantees import rules, store
from services.guarantee.guarantees.rules import Application, Cover, Guarantee, GuaranteeId
from services.guarantee.guarantees.store import Exposure, Stored
from services.guarantee.programmes import handlers as programmes
from shared.db.database import Transaction
from shared.errors import Violation
from shared.events.credit import LoanDisbursed
from shared.events.envelope import Received
from shared.events.guarantee import ReleaseReason
from shared.rulepack.trace import Trace

StoredGuarantee = Stored
"""A guarantee with its row's version, as other slices hold it."""


async def get(work: Transaction, guarantee_id: UUID, *, reader: str | None) -> Stored:
    """Read a guarantee; ``reader`` limits it to its viewers; raises GuaranteeNotFound."""
    return await store.get(work, guarantee_id, reader=reader)


async def exposure(work: Transaction, *, loan_id: UUID | None, uscc: str) -> Exposure:
    """Tell whether a loan is covered already and what its firm has in force, in fen."""
    return await store.exposure(work, loan_id=loan_id, uscc=uscc)


async def decline(
    work: Transaction, application: Application, refusals: tuple[Violation, ...], *, trace: Trace
) -> Stored:
    """Keep and publish why an application was declined."""
    guarantee, events = rules.decline(
        GuaranteeId(work.new_id()), application, refusals=refusals, today=work.today
    )
    version = work.publish_all(events, after=0)
    return await store.insert(work, guarantee, trace=trace, version=version)


async def issue(
    work: Transaction,
    application: Application,
    cover: Cover,
    *,
    fund: funds.StoredFund,
    trace: Trace,
) -> Stored:
    """Issue the letter, fill the programme's quota, commit the fund. Programme and fund are
    locked."""
    guarantee, events = rules.issue(GuaranteeId(work.new_id()), application, cover=cover)
    version = work.publish_all(events, after=0)
    stored = await store.insert(work, guarantee, trace=trace, version=version)
    await programmes.take_quota(work, application.programme, amount_fen=application.amount_fen)
    if cover.commitment_fen:
        await funds.reserve_commitment(
            work, fund, guarantee_id=guarantee.id, amount_fen=cover.commitment_fen
        )
    return stored


async def on_loan_disbursed(work: Transaction, received: Received[LoanDisbursed]) -> None:
    """Bring the loan's guarantee into force; a loan without a letter is drawn without one.

    A letter that the drawdown does not fit is released at once: the drawdown is a fact, and parking
    it would hold back whatever else the bank reports of the loan.
    """
    event = received.data
    stored = await store.lock_of_loan(work, event.loan_id)
    if stored is None:
        return
    refusal = rules.refusal_of_drawdown(
        stored.guarantee, drawn_on=event.disbursed_on, programme=event.programme
    )
    if refusal is not None:
        await release(work, stored, refusal)
        return
    guarantee, took_effect = rules.take_effect(
        stored.guarantee,
        drawn_fen=event.amount_fen,
        drawn_on=event.disbursed_on,
        matures_on=event.matures_on,
    )
    version = work.publish_all([took_effect], after=stored.version)
    await store.save(work, stored, guarantee, version=version)


async def lock_for_claim(work: Transaction, guarantee_id: UUID, *, reader: str | None) -> Stored:
    """Lock a guarantee before its claim; raises GuaranteeNotFound for who may not see it."""
    return await store.lock(work, guarantee_id, reader=reader)


async def lock(work: Transaction, guarantee_id: UUID) -> Stored:
    """Lock a guarantee, whoever is a party to it."""
    return await store.lock(work, guarantee_id, reader=None)


async def lock_of_loan(work: Transaction, loan_id: UUID) -> Stored | None:
    """Lock the guarantee that covers a loan, or None if no letter was issued for it."""
    return await store.lock_of_loan(work, loan_id)


async def of_loan(work: Transaction, loan_id: UUID) -> Stored | None:
    """Return the guarantee that covers a loan, or None if no letter was issued for it."""
    return await store.get_of_loan(work, loan_id)


async def release(work: Transaction, stored: Stored, reason: ReleaseReason) -> Stored:
    """End a locked guarantee without a claim; free quota and commitment."""
    guarantee, released = rules.release(stored.guarantee, reason=reason, today=work.today)
    version = work.publish_all([released], after=stored.version)
    after = await store.save(work, stored, guarantee, version=version)
    await _free(work, guarantee)
    return after


async def lock_ending(
    work: Transaction, day: date, *, after: UUID | None, limit: int
) -> list[Stored]:
    """Lock the next guarantees whose period, or whose loan, is over by a day's end."""
    return await store.lock_ending(work, day, after=after, limit=limit)


async def in_force(work: Transaction, day: date, *, after: UUID | None, limit: int) -> list[Stored]:
    """Read the next guarantees in force that had taken effect by a day's end."""
    return await store.in_force(work, day, after=after, limit=limit)


async def release_many(work: Transaction, ending: Sequence[tuple[Stored, ReleaseReason]]) -> None:
    """End many locked guarantees without a claim: one statement a table, one event for each.

    Programmes are locked in order of their codes, then funds in order of theirs.
    """
    released: list[Stored] = []
    for stored, reason in ending:
        guarantee, event = rules.release(stored.guarantee, reason=reason, today=work.today)
        released.append(Stored(guarantee, work.publish_all([event], after=stored.version)))
    await store.save_released(work, released)
    quota: Counter[str] = Counter()
    commitments: dict[str, dict[UUID, int]] = {}
    for stored in released:
        application, letter = stored.guarantee.application, stored.guarantee.letter
        quota[application.programme] += application.amount_fen
        if letter.commitment_fen:
            commitments.setdefault(letter.fund, {})[stored.guarantee.id] = letter.commitment_fen
    for code in sorted(quota):
        await programmes.lock(work, code)
        await programmes.give_back_quota(work, code, amount_fen=quota[code])
    for fund in sorted(commitments):
        await funds.release_commitments(work, fund, commitments[fund])


async def close(work: Transaction, guarantee_id: UUID) -> Stored:
    """End a guarantee whose claim and recovery are over; free quota and commitment."""
    stored = await store.lock(work, guarantee_id, reader=None)
    guarantee, closed = rules.close(stored.guarantee, today=work.today)
    version = work.publish_all([closed], after=stored.version)
    after = await store.save(work, stored, guarantee, version=version)
    await _free(work, guarantee)
    return after


async def _free(work: Transaction, guarantee: Guarantee) -> None:
    """Give back what an ended guarantee held; its state, which it left, lets this happen once."""
    application, letter = guarantee.application, guarantee.letter
    await programmes.lock(work, application.programme)
    await programmes.give_back_quota(work, application.programme, amount_fen=application.amount_fen)
    if letter.commitment_fen:
        await funds.release_commitment(
            work, letter.fund, guarantee_id=guarantee.id, amount_fen=letter.commitment_fen
        )
