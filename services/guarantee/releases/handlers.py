"""Use cases of the releases: each asks the same rule under the guarantee's lock.

A filing locks the guarantee before its claim, so the claims that are read here stand still. A
rejection locks the claim alone; its event comes back here and asks again.
"""

from datetime import date, timedelta
from uuid import UUID

from services.guarantee.claims import handlers as claims
from services.guarantee.claims.rules import ClaimState
from services.guarantee.guarantees import handlers as guarantees
from services.guarantee.guarantees.handlers import StoredGuarantee
from services.guarantee.known import handlers as known
from services.guarantee.releases import rules
from shared import logs
from shared.calendar import CalendarEnds, is_over, national
from shared.clock import start_of
from shared.db.database import Transaction
from shared.events.credit import LoanDisbursed, LoanSettled, LoanWithdrawn
from shared.events.envelope import Received
from shared.events.guarantee import ClaimRejected, GuaranteePeriodEnded, ReleaseReason

_LOG = logs.get("tongzhou.releases")
CLAIMS_AT_ONCE = 100


async def on_loan_disbursed(work: Transaction, received: Received[LoanDisbursed]) -> None:
    """Set the timer of the guarantee period, if the drawdown brought a guarantee into force."""
    stored = await guarantees.of_loan(work, received.data.loan_id)
    last = None if stored is None else rules.last_day(stored.guarantee)
    if stored is not None and last is not None:
        _wake_after(work, stored, last)


async def on_loan_settled(work: Transaction, received: Received[LoanSettled]) -> None:
    """Release the guarantee of a repaid loan; the loan is known as repaid by now."""
    stored = await guarantees.lock_of_loan(work, received.data.loan_id)
    if stored is not None:
        await _release_if_due(work, stored)


async def on_loan_withdrawn(work: Transaction, received: Received[LoanWithdrawn]) -> None:
    """Release the letter of a loan that will not be drawn."""
    stored = await guarantees.lock_of_loan(work, received.data.loan_id)
    reason = None if stored is None else rules.why_release_undrawn(stored.guarantee)
    if stored is not None and reason is not None:
        await guarantees.release(work, stored, reason)


async def on_claim_rejected(work: Transaction, received: Received[ClaimRejected]) -> None:
    """Release a guarantee whose loan was repaid while its claim was open."""
    await _release_if_due(work, await guarantees.lock(work, received.data.guarantee_id))


async def on_period_ended(work: Transaction, received: Received[GuaranteePeriodEnded]) -> None:
    """Release a guarantee under which nothing was claimed; a timer that is early is set again."""
    stored = await guarantees.lock(work, received.data.guarantee_id)
    last = rules.last_day(stored.guarantee)
    if last is not None and not _is_over(last, work.today):
        _wake_after(work, stored, max(last, work.today))
        return
    await _release_if_due(work, stored)


async def release_ending(
    work: Transaction, day: date, *, after: UUID | None, limit: int
) -> tuple[UUID | None, list[UUID]]:
    """Release what is over by a day's end, the next ``limit`` guarantees by id.

    Returns the last id looked at, None at the end, and the guarantees that were released. Claims
    are read once their guarantees are locked: a filing locks the guarantee before its claim.
    """
    locked = await guarantees.lock_ending(work, day, after=after, limit=limit)
    states = await claims.states_of(work, [stored.guarantee.id for stored in locked])
    loans = await known.known_loans(work, [s.guarantee.application.loan_id for s in locked])
    ending: list[tuple[StoredGuarantee, ReleaseReason]] = []
    for stored in locked:
        guarantee = stored.guarantee
        last = rules.last_day(guarantee)
        reason = rules.why_release(
            guarantee,
            loan=loans.get(guarantee.application.loan_id),
            claims=states.get(guarantee.id, frozenset()),
            period_is_over=last is not None and _is_over(last, day + timedelta(days=1)),
        )
        if reason is not None:
            ending.append((stored, reason))
    if ending:
        await guarantees.release_many(work, ending)
    cursor = locked[-1].guarantee.id if len(locked) == limit else None
    return cursor, [stored.guarantee.id for stored, _ in ending]


async def _release_if_due(work: Transaction, stored: StoredGuarantee) -> None:
    guarantee = stored.guarantee
    last = rules.last_day(guarantee)
    reason = rules.why_release(
        guarantee,
        loan=await known.known_loan(work, guarantee.application.loan_id),
        claims=await _claim_states(work, guarantee.id),
        period_is_over=last is not None and _is_over(last, work.today),
    )
    if reason is not None:
        await guarantees.release(work, stored, reason)


def _is_over(last: date, today: date) -> bool:
    """Tell whether the period is over; not while nobody knows which days are worked then."""
    try:
        return is_over(last, today, national())
    except CalendarEnds as unknown:
        _LOG.warning("period.kept_open", last_day=last, why=unknown.detail)
        return False


async def _claim_states(work: Transaction, guarantee_id: UUID) -> frozenset[ClaimState]:
    """Read the states of all claims that were ever filed under a guarantee."""
    states: set[ClaimState] = set()
    after: UUID | None = None
    while True:
        page = await claims.page(
            work, reader=None, guarantee_id=guarantee_id, after=after, limit=CLAIMS_AT_ONCE
        )
        states.update(case.claim.state for case in page)
        if len(page) <= CLAIMS_AT_ONCE:
            return frozenset(states)
        after = page[-1].claim.id


def _wake_after(work: Transaction, stored: StoredGuarantee, last: date) -> None:
    ended = GuaranteePeriodEnded(guarantee_id=stored.guarantee.id)
    work.schedule(ended, not_before=start_of(last + timedelta(days=1)))
