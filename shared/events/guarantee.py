"""Events that guarantee publishes of programmes and breakers, guarantees and claims."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.events.envelope import DataClass, Event
from shared.events.fields import (
    Count,
    Day,
    Digest,
    Fen,
    Id,
    Months,
    OrgCode,
    PackId,
    Ppm,
    Text,
    UsccText,
    Word,
)
from shared.events.guarantee_parts import Allocation, Leg
from shared.events.operation_parts import OperationFacts

GuaranteeType = Literal["joint_and_several", "general"]
"""连带责任保证 or 一般保证; a contract silent on it is general (民法典 art. 686)."""

ReleaseReason = Literal[
    "settled", "withdrawn", "expired", "drawn_before_letter", "drawn_without_enrolment"
]
"""Why a guarantee ends without a claim: its loan was repaid in full (结清), or withdrawn before it
was drawn; nothing was claimed within the guarantee period (民法典 art. 693); or the loan was drawn
before the day of the letter, or without being enrolled."""


class ProgrammeActivated(Event):
    """A second person activated a programme with its rule pack."""

    TYPE: ClassVar[str] = "guarantee.programme.activated.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "programme"

    programme: OrgCode
    rule_pack_id: PackId
    rule_pack_version: Count
    rule_pack_digest: Digest
    effective_from: Day


class ProgrammePackAdopted(Event):
    """A programme goes on under another version of its rule pack: letters from then on pin it."""

    TYPE: ClassVar[str] = "guarantee.programme.pack_adopted.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "programme"

    programme: OrgCode
    rule_pack_id: PackId
    rule_pack_version: Count
    rule_pack_digest: Digest
    replaced_version: Count
    effective_from: Day


class YearOpened(Event):
    """A second person confirmed a balance at the end of the year before: the base of limits.

    ``bank`` is null for the whole programme; ``replaced_fen`` is the figure that this one corrects.
    """

    TYPE: ClassVar[str] = "guarantee.programme.year_opened.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "programme"

    programme: OrgCode
    bank: OrgCode | None
    year: Annotated[int, Field(strict=True, ge=2000, le=2100, examples=[2026])]
    prior_year_end_balance_fen: Fen
    replaced_fen: Fen | None
    on: Day


class BreakerWarned(Event):
    """A bank's losses in a programme came near the suspension threshold."""

    TYPE: ClassVar[str] = "guarantee.programme.breaker_warned.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "programme"

    programme: OrgCode
    bank: OrgCode
    numerator_fen: Fen
    base_fen: Fen
    threshold_ppm: Ppm
    on: Day


class BreakerTripped(Event):
    """A bank's losses reached the threshold: it may enrol nothing more in the programme (熔断)."""

    TYPE: ClassVar[str] = "guarantee.programme.breaker_tripped.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "programme"

    programme: OrgCode
    bank: OrgCode
    numerator_fen: Fen
    base_fen: Fen
    threshold_ppm: Ppm
    on: Day


class BreakerRestored(Event):
    """A decision, with the ratio below the threshold again, lets the bank enrol once more."""

    TYPE: ClassVar[str] = "guarantee.programme.breaker_restored.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "programme"

    programme: OrgCode
    bank: OrgCode
    reason: Text
    on: Day


class GuaranteeApplied(Event):
    """An enrolment request became an application for a guarantee."""

    TYPE: ClassVar[str] = "guarantee.guarantee.applied.v1"
    SUBJECT: ClassVar[str] = "guarantee_id"

    guarantee_id: Id
    loan_id: Id
    uscc: UsccText
    bank: OrgCode
    guarantor: OrgCode
    programme: OrgCode
    amount_fen: Fen


class GuaranteeDeclined(Event):
    """The programme's rules or the guarantor declined the application."""

    TYPE: ClassVar[str] = "guarantee.guarantee.declined.v1"
    SUBJECT: ClassVar[str] = "guarantee_id"

    guarantee_id: Id
    loan_id: Id
    programme: OrgCode
    refusal_codes: tuple[OrgCode, ...]


class LetterIssued(Event):
    """The guarantor issued its letter (保函): type and period are explicit, the pack is pinned."""

    TYPE: ClassVar[str] = "guarantee.guarantee.letter_issued.v1"
    SUBJECT: ClassVar[str] = "guarantee_id"

    guarantee_id: Id
    loan_id: Id
    uscc: UsccText
    bank: OrgCode
    guarantor: OrgCode
    programme: OrgCode
    amount_fen: Fen
    guarantee_type: Annotated[GuaranteeType, Field(examples=["joint_and_several"])]
    period_months: Months
    rule_pack_id: PackId
    rule_pack_version: Count
    rule_pack_digest: Digest
    tier: Word
    issued_on: Day


class GuaranteeTookEffect(Event):
    """The loan was drawn: the guarantee is in force."""

    TYPE: ClassVar[str] = "guarantee.guarantee.took_effect.v1"
    SUBJECT: ClassVar[str] = "guarantee_id"

    guarantee_id: Id
    loan_id: Id
    amount_fen: Fen
    effective_on: Day


class GuaranteeClosed(Event):
    """The claim under the guarantee and its recovery are over."""

    TYPE: ClassVar[str] = "guarantee.guarantee.closed.v1"
    SUBJECT: ClassVar[str] = "guarantee_id"

    guarantee_id: Id
    loan_id: Id
    closed_on: Day


class GuaranteeReleased(Event):
    """The guarantor is free of the guarantee (解除): nobody can claim under it any more."""

    TYPE: ClassVar[str] = "guarantee.guarantee.released.v1"
    SUBJECT: ClassVar[str] = "guarantee_id"

    guarantee_id: Id
    loan_id: Id
    reason: Annotated[ReleaseReason, Field(examples=["settled"])]
    released_on: Day


class ClaimFiled(Event):
    """The bank filed a claim for compensation (代偿申请)."""

    TYPE: ClassVar[str] = "guarantee.claim.filed.v1"
    SUBJECT: ClassVar[str] = "claim_id"

    claim_id: Id
    guarantee_id: Id
    loan_id: Id
    bank: OrgCode
    principal_outstanding_fen: Fen
    filed_on: Day


class ClaimVerified(Event):
    """The guarantor's first person checked the claim's documents."""

    TYPE: ClassVar[str] = "guarantee.claim.verified.v1"
    SUBJECT: ClassVar[str] = "claim_id"

    claim_id: Id
    verified_by: Text


class ClaimApproved(Event):
    """A second person approved the claim."""

    TYPE: ClassVar[str] = "guarantee.claim.approved.v1"
    SUBJECT: ClassVar[str] = "claim_id"

    claim_id: Id
    approved_by: Text


class ClaimRejected(Event):
    """The claim was refused, with the rule that refuses it."""

    TYPE: ClassVar[str] = "guarantee.claim.rejected.v1"
    SUBJECT: ClassVar[str] = "claim_id"

    claim_id: Id
    guarantee_id: Id
    loan_id: Id
    rejected_by: Text
    reason: Text


class LossSplitCalculated(Event):
    """The loss was split among the parties by the pinned rule pack (风险分担)."""

    TYPE: ClassVar[str] = "guarantee.claim.split_calculated.v1"
    SUBJECT: ClassVar[str] = "claim_id"

    claim_id: Id
    guarantee_id: Id
    loan_id: Id
    programme: OrgCode
    eligible_loss_fen: Fen
    legs: tuple[Leg, ...]
    rule_pack_id: PackId
    rule_pack_version: Count
    rule_pack_digest: Digest


class LegDue(Event):
    """A party owes its leg of the loss."""

    TYPE: ClassVar[str] = "guarantee.claim.leg_due.v1"
    SUBJECT: ClassVar[str] = "claim_id"

    claim_id: Id
    party: Word
    org: OrgCode
    amount_fen: Fen
    due_on: Day


class LegPaid(Event):
    """A party paid its leg of the loss."""

    TYPE: ClassVar[str] = "guarantee.claim.leg_paid.v1"
    SUBJECT: ClassVar[str] = "claim_id"

    claim_id: Id
    party: Word
    org: OrgCode
    amount_fen: Fen
    paid_on: Day


class ClaimSettled(Event):
    """Every leg of the claim is paid."""

    TYPE: ClassVar[str] = "guarantee.claim.settled.v1"
    SUBJECT: ClassVar[str] = "claim_id"

    claim_id: Id
    guarantee_id: Id
    loan_id: Id
    eligible_loss_fen: Fen
    settled_on: Day


class RecoveryAllocated(Event):
    """Recovered cash paid the agreed costs, then went to those who bore the loss (追偿)."""

    TYPE: ClassVar[str] = "guarantee.claim.recovery_allocated.v1"
    SUBJECT: ClassVar[str] = "claim_id"

    claim_id: Id
    recovery_id: Id
    cash_fen: Fen
    costs_paid_fen: Fen
    surplus_fen: Fen
    allocations: tuple[Allocation, ...]
    received_on: Day


class ClaimClosed(Event):
    """Recovery is over; nothing more is expected."""

    TYPE: ClassVar[str] = "guarantee.claim.closed.v1"
    SUBJECT: ClassVar[str] = "claim_id"

    claim_id: Id
    guarantee_id: Id
    loan_id: Id
    closed_on: Day


class ClaimDeadlineReached(Event):
    """A stage of a claim should have ended by now."""

    TYPE: ClassVar[str] = "guarantee.process.claim_deadline_reached.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "claim_id"

    claim_id: Id
    stage: Word


class GuaranteePeriodEnded(Event):
    """The last day for claims under the guarantee is over (保证期间届满)."""

    TYPE: ClassVar[str] = "guarantee.period.ended.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "guarantee_id"

    guarantee_id: Id


class OperationExecuted(OperationFacts, Event):
    """An operation on this service's event stores was carried out."""

    TYPE: ClassVar[str] = "guarantee.operation.executed.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "operation_id"
