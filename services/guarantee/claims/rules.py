"""Claims (代偿): filed by the bank, verified and approved by two persons, split, paid leg by leg.

Sources: 民法典 art. 692 and 693 (a guarantor is released when nothing is claimed of it within the
guarantee period), 694 (what was claimed in time outlives the period), 700; the scheme's numbers
come from the rule pack that the guarantee pinned at enrolment. A claim is filed on the business
date of its receipt: no party chooses the day that the period is tested on. A loan drawn before its
letter was issued was not guaranteed when it was lent, and cannot be claimed for.

    filed → verified → approved (split) → settled → closed, or rejected before the approval

    eligible loss = min(principal outstanding, principal covered) - what the bank recovered itself

A claim is approved on what the loan is then: where the bank has told of a repayment or a cure since
the filing, the guarantor rejects it and the bank files anew, in time if its first claim was.
Counters move in the order of approval. The guarantee period is counted in months from the maturity;
its last day is the same day of the month, or the month's last where there is none (art. 202), and
moves off a holiday to the next working day (art. 203).

Example: matured 2026-08-31 with a period of six months: claims are heard to 2027-02-28.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.guarantee.guarantees.rules import Guarantee, GuaranteeState
from services.guarantee.known.rules import KnownLoan
from services.guarantee.losses import rules as losses
from services.guarantee.losses.rules import Leg, Split
from shared.calendar import WorkCalendar, add_months, is_over
from shared.errors import (
    Conflict,
    Forbidden,
    FourEyes,
    NotFound,
    RuleViolation,
    Violation,
    ensure,
)
from shared.events import guarantee as events
from shared.events.envelope import Event
from shared.rulepack.pack import Pack

ClaimId = NewType("ClaimId", UUID)

CLAIM_STEP = "claim"
"""The step of a pack's evidence rows that names what a claim must bring."""


class ClaimNotFound(NotFound):
    """No such claim, or not for this organisation."""

    code = "claim-not-found"
    title_zh = "未找到代偿申请"
    title_en = "Claim not found"


class ClaimRefused(RuleViolation):
    """The claim breaks rules of the guarantee or of law; every one of them is a violation."""

    code = "claim-refused"
    title_zh = "代偿申请不符合条件"
    title_en = "Claim refused"


class ClaimOutdated(Conflict):
    """The loan or the guarantee is no longer what the claim was filed on."""

    code = "claim-outdated"
    title_zh = "代偿申请与最新情况不符"
    title_en = "Claim outdated"
    action_zh = "请驳回该申请，由银行按最新情况重新申请。"
    action_en = "Reject the claim, then let the bank file anew with what holds now."


class ClaimOpen(Conflict):
    """The guarantee has a claim that was not rejected."""

    code = "claim-open"
    title_zh = "该担保已有代偿申请"
    title_en = "The guarantee has a claim"


class ClaimState(StrEnum):
    """Where a claim stands."""

    FILED = "filed"
    VERIFIED = "verified"
    APPROVED = "approved"
    SETTLED = "settled"
    CLOSED = "closed"
    REJECTED = "rejected"


class ClaimInOtherState(Conflict):
    """The step does not follow on the state that the claim is in."""

    code = "claim-state"
    title_zh = "代偿申请不在相应状态"
    title_en = "Claim in another state"


class NotTheGuarantor(Forbidden):
    """Only the guarantor of the guarantee examines the claim."""

    code = "not-the-guarantor"
    title_zh = "仅担保机构可以办理"
    title_en = "Not the guarantor"


class NotTheBank(Forbidden):
    """Only the bank of the guarantee claims under it."""

    code = "not-the-bank"
    title_zh = "仅贷款银行可以申请"
    title_en = "Not the bank"


@dataclass(frozen=True, slots=True)
class Document:
    """Evidence by kind and content hash; the document stays with the bank."""

    kind: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim. ``covered_fen`` and the organisations are the guarantee's when it was filed."""

    id: ClaimId
    guarantee_id: UUID
    loan_id: UUID
    programme: str
    bank: str
    guarantor: str
    fund: str
    ledger_party: str
    viewers: tuple[str, ...]
    covered_fen: int
    principal_outstanding_fen: int
    recovered_before_fen: int
    documents: tuple[Document, ...]
    filed_on: date
    filed_by: str
    state: ClaimState = ClaimState.FILED
    verified_by: str | None = None
    approved_by: str | None = None
    approved_on: date | None = None
    rejected_by: str | None = None
    rejection_reason: str | None = None
    eligible_loss_fen: int | None = None
    settled_on: date | None = None
    closed_on: date | None = None

    def require(self, *states: ClaimState) -> None:
        """Raise :class:`ClaimInOtherState` unless the claim is in one of the states."""
        if self.state not in states:
            wanted = " or ".join(states)
            raise ClaimInOtherState(f"claim {self.id} is {self.state}, not {wanted}")

    def require_guarantor(self, org: str) -> None:
        """Raise :class:`NotTheGuarantor` for another organisation."""
        if org != self.guarantor:
            raise NotTheGuarantor(f"claim {self.id} is examined by its guarantor")


def require_bank(guarantee: Guarantee, org: str) -> None:
    """Raise :class:`NotTheBank` for another organisation, even one that may read it."""
    if org != guarantee.application.bank:
        raise NotTheBank(f"guarantee {guarantee.id} is claimed under by its bank")


def file(
    claim: Claim,
    guarantee: Guarantee,
    *,
    loan: KnownLoan | None,
    pack: Pack,
    first_filed_on: date,
    calendar: WorkCalendar,
) -> tuple[Claim, events.ClaimFiled]:
    """File a claim; raises :class:`ClaimRefused` with every rule that it breaks.

    The period asks for the day of the guarantee's first claim, which may be a rejected one.
    """
    found = (
        *_state_violations(guarantee),
        *_day_violations(claim, guarantee, loan, first_filed_on, calendar),
        *_loan_violations(loan),
        *_amount_violations(claim, loan),
        *_missing_documents(claim, pack),
    )
    if found:
        raise ClaimRefused("; ".join(v.en for v in found), violations=found)
    event = events.ClaimFiled(
        claim_id=claim.id,
        guarantee_id=claim.guarantee_id,
        loan_id=claim.loan_id,
        bank=claim.bank,
        principal_outstanding_fen=claim.principal_outstanding_fen,
        filed_on=claim.filed_on,
    )
    return claim, event


def verify(claim: Claim, *, by: str, org: str) -> tuple[Claim, events.ClaimVerified]:
    """Let the guarantor's first person confirm the documents (初审)."""
    claim.require_guarantor(org)
    claim.require(ClaimState.FILED)
    verified = replace(claim, state=ClaimState.VERIFIED, verified_by=by)
    return verified, events.ClaimVerified(claim_id=claim.id, verified_by=by)


def reject(claim: Claim, *, by: str, org: str, reason: str) -> tuple[Claim, events.ClaimRejected]:
    """Refuse the claim before it is approved (驳回); the bank may file another."""
    claim.require_guarantor(org)
    claim.require(ClaimState.FILED, ClaimState.VERIFIED)
    rejected = replace(claim, state=ClaimState.REJECTED, rejected_by=by, rejection_reason=reason)
    event = events.ClaimRejected(
        claim_id=claim.id,
        guarantee_id=claim.guarantee_id,
        loan_id=claim.loan_id,
        rejected_by=by,
        reason=reason,
    )
    return rejected, event


def require_approver(claim: Claim, *, by: str, org: str) -> None:
    """Let only another person of the guarantor approve what was verified (复核)."""
    claim.require_guarantor(org)
    claim.require(ClaimState.VERIFIED)
    if by == claim.verified_by:
        raise FourEyes(f"claim {claim.id} was verified by the same person")


def confirm(claim: Claim, guarantee: Guarantee, *, loan: KnownLoan | None) -> None:
    """Hold a claim against its loan and its guarantee as they are now.

    Raises :class:`ClaimOutdated`. The period and the documents were examined at the filing.
    """
    found = (
        *_state_violations(guarantee),
        *_loan_violations(loan),
        *_amount_violations(claim, loan),
    )
    if found:
        raise ClaimOutdated("; ".join(v.en for v in found), violations=found)


def approve(
    claim: Claim, split: Split, legs: Sequence[Leg], *, by: str, org: str
) -> tuple[Claim, tuple[Event, ...]]:
    """Approve a verified claim with the split of its loss.

    Raises :class:`FourEyes`, :class:`NotTheGuarantor`, :class:`ClaimInOtherState`.
    """
    require_approver(claim, by=by, org=org)
    ensure(split.eligible_loss_fen == eligible_loss(claim), "the split is this claim's")
    approved = replace(
        claim,
        state=ClaimState.APPROVED,
        approved_by=by,
        approved_on=split.decided_on,
        eligible_loss_fen=split.eligible_loss_fen,
    )
    calculated = losses.calculated(
        split,
        legs,
        claim_id=claim.id,
        guarantee_id=claim.guarantee_id,
        loan_id=claim.loan_id,
        programme=claim.programme,
    )
    due = losses.legs_due(claim.id, legs)
    return approved, (events.ClaimApproved(claim_id=claim.id, approved_by=by), calculated, *due)


def eligible_loss(claim: Claim) -> int:
    """Return the loss to split, in fen; :func:`file` holds the principal within the cover."""
    return claim.principal_outstanding_fen - claim.recovered_before_fen


def record_payment(
    claim: Claim, paid: Leg, legs: Sequence[Leg], *, today: date
) -> tuple[Claim, tuple[Event, ...]]:
    """Publish a paid leg; the last one settles the claim. ``legs`` already has it."""
    claim.require(ClaimState.APPROVED)
    event = events.LegPaid(
        claim_id=claim.id,
        party=paid.party,
        org=paid.org,
        amount_fen=paid.amount_fen,
        paid_on=paid.paid_on or today,
    )
    if not losses.all_paid(legs):
        return claim, (event,)
    settled = events.ClaimSettled(
        claim_id=claim.id,
        guarantee_id=claim.guarantee_id,
        loan_id=claim.loan_id,
        eligible_loss_fen=sum(leg.amount_fen for leg in legs),
        settled_on=today,
    )
    return replace(claim, state=ClaimState.SETTLED, settled_on=today), (event, settled)


def close(claim: Claim, *, org: str, today: date) -> tuple[Claim, events.ClaimClosed]:
    """End a settled claim: nothing more is expected to come back."""
    claim.require_guarantor(org)
    claim.require(ClaimState.SETTLED)
    closed = replace(claim, state=ClaimState.CLOSED, closed_on=today)
    event = events.ClaimClosed(
        claim_id=claim.id,
        guarantee_id=claim.guarantee_id,
        loan_id=claim.loan_id,
        closed_on=today,
    )
    return closed, event


def _state_violations(guarantee: Guarantee) -> tuple[Violation, ...]:
    if guarantee.state is GuaranteeState.EFFECTIVE:
        return ()
    state = guarantee.state.value
    zh, en = f"担保状态为 {state}，未生效", f"the guarantee is {state}, not effective"
    return (Violation("guarantee-not-effective", zh, en, "/guarantee_id"),)


def _day_violations(
    claim: Claim,
    guarantee: Guarantee,
    loan: KnownLoan | None,
    first_filed_on: date,
    calendar: WorkCalendar,
) -> tuple[Violation, ...]:
    drawn, matures = guarantee.effective_on, guarantee.matures_on
    if drawn is None or matures is None:
        return ()
    issued, filed = guarantee.letter.issued_on, claim.filed_on
    last = add_months(matures, guarantee.letter.period_months)
    found = []
    if is_over(last, first_filed_on, calendar):
        zh, en = f"保证期间已于 {last} 届满", f"the guarantee period ended on {last}"
        found.append(_dated("guarantee-period-over", zh, en, limit=last, actual=first_filed_on))
    if drawn < issued:
        zh, en = f"放款早于 {issued} 出具的保函", f"drawn before the letter of {issued}"
        found.append(_dated("drawn-before-letter", zh, en, limit=issued, actual=drawn))
    classified = None if loan is None else loan.classified_on
    earliest = drawn if classified is None else max(drawn, classified)
    if filed < earliest:
        zh, en = "申请日早于放款日或贷款分类日", "filed before the drawdown or the classification"
        found.append(_dated("filing-date", zh, en, limit=earliest, actual=filed))
    return tuple(found)


def _loan_violations(loan: KnownLoan | None) -> tuple[Violation, ...]:
    if loan is not None and loan.closed_on is not None:
        zh, en = f"贷款已于 {loan.closed_on} 结清", f"the loan was closed on {loan.closed_on}"
        return (Violation("loan-closed", zh, en, "/guarantee_id"),)
    if loan is not None and loan.is_non_performing:
        return ()
    found = "unknown" if loan is None else loan.classification or "unclassified"
    zh, en = f"贷款分类为 {found}，未达次级", f"the loan is {found}, not substandard or worse"
    return (Violation("loan-performing", zh, en, "/guarantee_id", "substandard", found),)


def _dated(code: str, zh: str, en: str, *, limit: date, actual: date) -> Violation:
    return Violation(code, zh, en, "/guarantee_id", str(limit), str(actual))


def _amount_violations(claim: Claim, loan: KnownLoan | None) -> tuple[Violation, ...]:
    found = []
    asked, recovered = claim.principal_outstanding_fen, claim.recovered_before_fen
    limit = min(claim.covered_fen, asked if loan is None else loan.principal_outstanding_fen)
    if asked > limit:
        zh, en = "超过担保覆盖或已报告的本金余额", "above the principal that is covered or reported"
        found.append(Violation("above-cover", zh, en, "/principal_outstanding_fen", limit, asked))
    if recovered >= asked:
        zh, en = "已收回金额不小于本金余额，无损失", "nothing is lost: that much was recovered"
        found.append(Violation("no-loss", zh, en, "/recovered_fen", asked, recovered))
    return tuple(found)


def _missing_documents(claim: Claim, pack: Pack) -> tuple[Violation, ...]:
    brought = {document.kind for document in claim.documents}
    return tuple(
        Violation("document-missing", f"缺少{row.zh}", f"lacks {row.en}", "/documents", row.code)
        for row in pack.evidence
        if row.step == CLAIM_STEP and row.code not in brought
    )
