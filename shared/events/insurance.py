"""Events that insurance publishes: pilot qualifications, policies, premium subsidies."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.events.envelope import DataClass, Event, Part
from shared.events.fields import Count, Day, Digest, Fen, Id, OrgCode, PackId, Ppm, Text, UsccText
from shared.events.operation_parts import OperationFacts

Pilot = Literal["first_set", "first_batch", "first_version"]
"""首台(套), 首批次 or 首版次."""


class CoInsurer(Part):
    """One insurer's share of a policy (共保)."""

    insurer: OrgCode
    share_ppm: Ppm
    premium_fen: Fen


class QualificationConfirmed(Event):
    """The department confirmed that the product may be insured as a pilot (资格审定)."""

    TYPE: ClassVar[str] = "insurance.qualification.confirmed.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "qualification_id"

    qualification_id: Id
    uscc: UsccText
    pilot: Annotated[Pilot, Field(examples=["first_set"])]
    product: Text
    quota_fen: Fen
    confirmed_by: OrgCode
    valid_from: Day
    valid_to: Day


class PolicyBound(Event):
    """A policy was bound; the co-insurers' shares make one whole."""

    TYPE: ClassVar[str] = "insurance.policy.bound.v1"
    SUBJECT: ClassVar[str] = "policy_id"

    policy_id: Id
    qualification_id: Id
    uscc: UsccText
    lead_insurer: OrgCode
    co_insurers: tuple[CoInsurer, ...]
    liability_limit_fen: Fen
    premium_fen: Fen
    bound_on: Day


class PremiumPaid(Event):
    """The insured paid the premium."""

    TYPE: ClassVar[str] = "insurance.policy.premium_paid.v1"
    SUBJECT: ClassVar[str] = "policy_id"

    policy_id: Id
    premium_fen: Fen
    paid_on: Day


class SubsidyFiled(Event):
    """The enterprise applied for the premium subsidy."""

    TYPE: ClassVar[str] = "insurance.subsidy.filed.v1"
    SUBJECT: ClassVar[str] = "subsidy_id"

    subsidy_id: Id
    policy_id: Id
    uscc: UsccText
    filed_on: Day


class SubsidyApproved(Event):
    """The subsidy was calculated by the rule pack and approved."""

    TYPE: ClassVar[str] = "insurance.subsidy.approved.v1"
    SUBJECT: ClassVar[str] = "subsidy_id"

    subsidy_id: Id
    policy_id: Id
    premium_fen: Fen
    subsidy_base_fen: Fen
    subsidy_fen: Fen
    rule_pack_id: PackId
    rule_pack_version: Count
    rule_pack_digest: Digest
    approved_by: Text


class SubsidyRejected(Event):
    """The subsidy was refused."""

    TYPE: ClassVar[str] = "insurance.subsidy.rejected.v1"
    SUBJECT: ClassVar[str] = "subsidy_id"

    subsidy_id: Id
    policy_id: Id
    reason: Text


class SubsidyPaid(Event):
    """The subsidy was paid out."""

    TYPE: ClassVar[str] = "insurance.subsidy.paid.v1"
    SUBJECT: ClassVar[str] = "subsidy_id"

    subsidy_id: Id
    policy_id: Id
    subsidy_fen: Fen
    paid_on: Day


class OperationExecuted(OperationFacts, Event):
    """An operation on this service's event stores was carried out."""

    TYPE: ClassVar[str] = "insurance.operation.executed.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "operation_id"
