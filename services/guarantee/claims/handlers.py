"""Use cases of the claims: file, verify, approve with the split, pay, close; and what recoveries
need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.guarantee.claims import rules, store
from services.guarantee.claims.rules import Claim, ClaimId, Document
from services.guarantee.claims.store import Stored
from services.guarantee.filings import handlers as filings
from services.guarantee.fund import handlers as funds
from services.guarantee.guarantees import handlers as guarantees
from services.guarantee.guarantees.rules import Guarantee
from services.guarantee.known import handlers as known
from services.guarantee.losses import handlers as losses
from services.guarantee.losses.rules import Leg, Split, require_approval
from services.guarantee.processes import compensation
from services.guarantee.processes import handlers as processes
from services.guarantee.programmes import handlers as programmes
from shared.calendar import national
from shared.db.database import Transaction
from shared.events.envelope import Event
from shared.events.guarantee import RecoveryAllocated
from shared.rulepack.catalogue import PackCatalogue
from shared.web.auth import Caller

APPROVE_LARGE = "guarantee.claims:approve-large"
"""The scope of who approves losses above the programme's limit."""


@dataclass(frozen=True, slots=True)
class Case:
    """A claim with its legs, its row's version and the stages that were late."""

    claim: Claim
    version: int
    legs: tuple[Leg, ...] = ()
    late: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PaidCase:
    """A claim with one leg paid, the version before, and what to publish of it."""

    claim: Claim
    version: int
    leg: Leg
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What a bank files."""

    guarantee_id: UUID
    principal_outstanding_fen: int
    recovered_fen: int
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What an organisation says of its leg: when it was paid, under which reference."""

    party: str
    paid_on: date
    reference: str


async def file_claim(
    work: Transaction, filing: Filing, *, by: Caller, packs: PackCatalogue
) -> Case:
    """File a bank's claim as received today; raises ClaimRefused, ClaimOpen, NotTheBank."""
    stored = await guarantees.lock_for_claim(work, filing.guarantee_id, reader=by.org)
    guarantee = stored.guarantee
    rules.require_bank(guarantee, by.org)
    claim = _claim_of(work, guarantee, filing, by=by.sub)
    loan = await known.known_loan(work, claim.loan_id)
    pack = programmes.pack_of(packs, guarantee.letter.pack)
    first = await store.first_filed_on(work, guarantee.id) or claim.filed_on
    filed, event = rules.file(
        claim, guarantee, loan=loan, pack=pack, first_filed_on=first, calendar=national()
    )
    version = work.publish_all([event], after=0)
    if await store.insert(work, filed, version=version) is None:
        raise rules.ClaimOpen(f"guarantee {guarantee.id} has a claim already")
    await processes.take(work, compensation.Filed(filed.id, work.now))
    return Case(filed, version)


async def verify_claim(
    work: Transaction, claim_id: UUID, *, by: Caller, expected_version: int
) -> Case:
    """Let the guarantor's first person confirm the claim's documents."""
    stored = await _lock(work, claim_id, by=by, expected_version=expected_version)
    verified, event = rules.verify(stored.claim, by=by.sub, org=by.org)
    await processes.take(work, compensation.Verified(verified.id, work.now))
    return await _save(work, stored, verified, [event])


async def reject_claim(
    work: Transaction, claim_id: UUID, *, by: Caller, reason: str, expected_version: int
) -> Case:
    """Let the guarantor refuse a claim that is not approved yet."""
    stored = await _lock(work, claim_id, by=by, expected_version=expected_version)
    rejected, event = rules.reject(stored.claim, by=by.sub, org=by.org, reason=reason)
    await processes.take(work, compensation.Rejected(rejected.id))
    return await _save(work, stored, rejected, [event])


async def approve_claim(
    work: Transaction, claim_id: UUID, *, by: Caller, packs: PackCatalogue, expected_version: int
) -> Case:
    """Let a second person approve: the loss is split, counters move, the fund sets its leg aside.

    Locks the claim, then the programme and its counters, then the fund. Raises ClaimOutdated where
    the bank has told of a repayment or a cure since the filing, ApprovalAboveLimit where the loss
    takes the scope :data:`APPROVE_LARGE`.
    """
    stored = await _lock(work, claim_id, by=by, expected_version=expected_version)
    claim = stored.claim
    rules.require_approver(claim, by=by.sub, org=by.org)
    programme = (await programmes.get(work, claim.programme)).programme
    require_approval(
        rules.eligible_loss(claim),
        programme.approval_limit_fen,
        approves_large=APPROVE_LARGE in by.scopes,
    )
    guarantee = await guarantees.lock_for_claim(work, claim.guarantee_id, reader=None)
    loan = await known.known_loan(work, claim.loan_id)
    rules.confirm(claim, guarantee.guarantee, loan=loan)
    split, legs = await losses.decide(
        work,
        claim.id,
        cover=guarantee.guarantee.letter,
        programme=claim.programme,
        loss_fen=claim.principal_outstanding_fen,
        recovered_fen=claim.recovered_before_fen,
        packs=packs,
    )
    approved, events = rules.approve(claim, split, legs, by=by.sub, org=by.org)
    due_on = max(leg.due_on for leg in legs)
    await processes.take(work, compensation.Approved(approved.id, due_on))
    return await _save(work, stored, approved, events, legs=legs)


async def pay_leg(
    work: Transaction,
    claim_id: UUID,
    payment: Payment,
    *,
    by: Caller,
    expected_version: int,
) -> Case:
    """Record that an organisation paid its leg; the fund's own leg is paid out of the ledger."""
    stored = await _lock(work, claim_id, by=by, expected_version=expected_version)
    claim = stored.claim
    claim.require(rules.ClaimState.APPROVED)
    await filings.require_filed(work, claim.guarantee_id, org=by.org)
    paid, legs = await losses.pay(
        work,
        claim.id,
        payment.party,
        org=by.org,
        paid_on=payment.paid_on,
        reference=payment.reference,
        since=claim.approved_on or work.today,
    )
    after, events = rules.record_payment(claim, paid, legs, today=work.today)
    if after.state is rules.ClaimState.SETTLED:
        await processes.take(work, compensation.Settled(after.id))
    if paid.party == claim.ledger_party:
        await funds.pay_leg(
            work,
            claim.fund,
            claim_id=claim.id,
            amount_fen=paid.amount_fen,
            paid_on=payment.paid_on,
        )
    return await _save(work, stored, after, events, legs=legs)


async def close_claim(
    work: Transaction, claim_id: UUID, *, by: Caller, expected_version: int
) -> Case:
    """Let the guarantor end a settled claim, and with it the guarantee."""
    stored = await _lock(work, claim_id, by=by, expected_version=expected_version)
    closed, event = rules.close(stored.claim, org=by.org, today=work.today)
    await guarantees.close(work, closed.guarantee_id)
    return await _save(work, stored, closed, [event])


async def get_claim(work: Transaction, claim_id: UUID, *, reader: str | None) -> Case:
    """Read a claim with its legs; raises ClaimNotFound."""
    stored = await store.get(work, claim_id, reader=reader)
    return await _case(work, stored, await losses.legs_of(work, claim_id))


async def get_split(work: Transaction, claim_id: UUID, *, reader: str | None) -> tuple[Case, Split]:
    """Read the decision on a claim with its legs; raises ClaimNotFound and SplitNotFound."""
    case = await get_claim(work, claim_id, reader=reader)
    return case, await losses.split_of(work, claim_id)


async def page(
    work: Transaction,
    *,
    reader: str | None,
    guarantee_id: UUID | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Case]:
    """Read up to ``limit`` + 1 claims in id order with their legs."""
    rows = await store.page(
        work, reader=reader, guarantee_id=guarantee_id, after=after, limit=limit
    )
    legs = await losses.legs_of_all(work, [row.claim.id for row in rows])
    return [await _case(work, row, legs[row.claim.id]) for row in rows]


async def states_of(
    work: Transaction, guarantee_ids: Sequence[UUID]
) -> dict[UUID, frozenset[rules.ClaimState]]:
    """Return the states of all claims that were ever filed under guarantees, by guarantee."""
    return await store.states_of(work, guarantee_ids)


async def lock_for_payment(
    work: Transaction, claim_ids: Sequence[UUID], *, reader: str
) -> Mapping[UUID, Case]:
    """Lock many claims with their legs, in order of their ids; what may not be seen is left out."""
    locked = await store.lock_all(work, claim_ids, reader=reader)
    legs = await losses.legs_of_all(work, list(locked))
    return {
        found: Case(stored.claim, stored.version, legs[found]) for found, stored in locked.items()
    }


async def save_payments(work: Transaction, paid: Sequence[PaidCase]) -> None:
    """Store and publish payments of many locked claims; what is settled ends its process."""
    saved = [Stored(each.claim, work.publish_all(each.events, after=each.version)) for each in paid]
    await store.save_payments(work, saved)
    await losses.save_paid(work, [(each.claim.id, each.leg) for each in paid])
    await processes.take_all(
        work,
        [
            compensation.Settled(each.claim.id)
            for each in paid
            if each.claim.state is rules.ClaimState.SETTLED
        ],
    )


async def lock_for_recovery(
    work: Transaction, claim_id: UUID, *, by: Caller, expected_version: int
) -> Case:
    """Lock a claim before something that came back is shared; raises ClaimNotFound."""
    stored = await _lock(work, claim_id, by=by, expected_version=expected_version)
    return Case(stored.claim, stored.version, await losses.legs_of(work, claim_id))


async def book_recovery(
    work: Transaction, case: Case, received: Mapping[str, int], event: RecoveryAllocated
) -> Case:
    """Add to each leg what came back, and book the fund's part; the claim is locked."""
    claim = case.claim
    legs = await losses.book_recovery(work, claim.id, case.legs, received)
    to_fund = received.get(claim.ledger_party, 0)
    if to_fund:
        await funds.receive_recovery(
            work,
            claim.fund,
            claim_id=claim.id,
            recovery_id=event.recovery_id,
            amount_fen=to_fund,
            received_on=event.received_on,
        )
    return await _save(work, Stored(claim, case.version), claim, [event], legs=legs)


async def _lock(work: Transaction, claim_id: UUID, *, by: Caller, expected_version: int) -> Stored:
    return await store.lock(work, claim_id, reader=by.org, expected_version=expected_version)


async def _save(
    work: Transaction,
    before: Stored,
    claim: Claim,
    events: Sequence[Event],
    *,
    legs: tuple[Leg, ...] | None = None,
) -> Case:
    version = work.publish_all(events, after=before.version)
    stored = await store.save(work, claim, version=version)
    return await _case(work, stored, await losses.legs_of(work, claim.id) if legs is None else legs)


async def _case(work: Transaction, stored: Stored, legs: tuple[Leg, ...]) -> Case:
    late = await processes.late_stages(work, stored.claim.id)
    return Case(stored.claim, stored.version, legs, late)


def _claim_of(work: Transaction, guarantee: Guarantee, filing: Filing, *, by: str) -> Claim:
    application, letter = guarantee.application, guarantee.letter
    return Claim(
        id=ClaimId(work.new_id()),
        guarantee_id=guarantee.id,
        loan_id=application.loan_id,
        programme=application.programme,
        bank=application.bank,
        guarantor=application.guarantor,
        fund=letter.fund,
        ledger_party=letter.ledger_party,
        viewers=guarantee.viewers,
        covered_fen=guarantee.covered_fen,
        principal_outstanding_fen=filing.principal_outstanding_fen,
        recovered_before_fen=filing.recovered_fen,
        documents=filing.documents,
        filed_on=work.today,
        filed_by=by,
    )
