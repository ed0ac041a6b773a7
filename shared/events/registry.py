"""Events that registry publishes: institutions, enterprises with their qualifications, consents."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.events.envelope import DataClass, Event
from shared.events.fields import Count, Day, Digest, Fen, Id, OrgCode, Region, Text, UsccText, Word
from shared.events.operation_parts import OperationFacts

InstitutionKind = Literal[
    "department", "bank", "guarantor", "reguarantor", "fund", "insurer", "platform"
]
"""What an institution is: departments have a duty, the others need an enterprise's consent."""

Category = Literal[
    "little_giant",
    "specialised_sme",
    "national_project_sme",
    "hnte",
    "points_selected_tech_sme",
    "tech_sme",
    "innovative_sme",
    "ordinary_sme",
]
"""What a certificate or list says of a firm (资格); several can hold at once."""

Purpose = Literal["credit_assessment", "guarantee_assessment", "insurance_assessment", "monitoring"]
"""For what an enterprise lets an institution read its data (征信业管理条例 art. 18, 20)."""

TaxGrade = Literal["A", "B", "M", "C", "D"]
"""Tax credit grade (纳税信用等级)."""


class InstitutionRegistered(Event):
    """An institution or department entered the directory, or its entry was replaced."""

    TYPE: ClassVar[str] = "registry.institution.registered.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.PUBLIC
    SUBJECT: ClassVar[str] = "code"

    code: OrgCode
    kind: Annotated[InstitutionKind, Field(examples=["bank"])]
    name_zh: Text
    name_en: Text
    uscc: UsccText | None
    region: Region
    valid_from: Day
    valid_to: Day | None


class EnterpriseRegistered(Event):
    """An enterprise became known to the city."""

    TYPE: ClassVar[str] = "registry.enterprise.registered.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.PUBLIC
    SUBJECT: ClassVar[str] = "uscc"

    uscc: UsccText
    name: Text
    region: Region
    chain: Word


class ListMemberAdded(Event):
    """A published version of a list (名单) names the enterprise."""

    TYPE: ClassVar[str] = "registry.enterprise.list_member_added.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "uscc"

    uscc: UsccText
    list_code: OrgCode
    list_version: Count


class ListMemberRemoved(Event):
    """A published version of a list no longer names the enterprise, which the one before named."""

    TYPE: ClassVar[str] = "registry.enterprise.list_member_removed.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "uscc"

    uscc: UsccText
    list_code: OrgCode
    list_version: Count


class ProfileRecorded(Event):
    """A department recorded figures about the enterprise: size and tax grade."""

    TYPE: ClassVar[str] = "registry.enterprise.profile_recorded.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.SENSITIVE
    SUBJECT: ClassVar[str] = "uscc"

    uscc: UsccText
    recorded_by: OrgCode
    staff: Count
    sales_fen: Fen
    tax_grade: Annotated[TaxGrade, Field(examples=["A"])]


class QualificationGranted(Event):
    """A department granted a qualification (资格认定)."""

    TYPE: ClassVar[str] = "registry.enterprise.qualification_granted.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "uscc"

    qualification_id: Id
    uscc: UsccText
    category: Annotated[Category, Field(examples=["hnte"])]
    certificate_no: Text
    granted_by: OrgCode
    valid_from: Day
    valid_to: Day


class QualificationAmended(Event):
    """A department corrected or extended a qualification; earlier recipients receive this too."""

    TYPE: ClassVar[str] = "registry.enterprise.qualification_amended.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "uscc"

    qualification_id: Id
    uscc: UsccText
    category: Annotated[Category, Field(examples=["hnte"])]
    certificate_no: Text
    amended_by: OrgCode
    reason: Text
    valid_from: Day
    valid_to: Day


class QualificationRevoked(Event):
    """A department withdrew a qualification."""

    TYPE: ClassVar[str] = "registry.enterprise.qualification_revoked.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "uscc"

    qualification_id: Id
    uscc: UsccText
    category: Annotated[Category, Field(examples=["hnte"])]
    revoked_by: OrgCode
    reason: Text
    revoked_on: Day


class ConsentGranted(Event):
    """An enterprise let an institution read named feeds for one purpose (授权)."""

    TYPE: ClassVar[str] = "registry.consent.granted.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "consent_id"
    KEY: ClassVar[str] = "uscc"

    consent_id: Id
    uscc: UsccText
    grantee: OrgCode
    purpose: Annotated[Purpose, Field(examples=["credit_assessment"])]
    feeds: tuple[OrgCode, ...]
    evidence_sha256: Digest
    valid_from: Day
    valid_to: Day


class ConsentRevoked(Event):
    """The enterprise withdrew a consent; it acts on the next read of every feed."""

    TYPE: ClassVar[str] = "registry.consent.revoked.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "consent_id"
    KEY: ClassVar[str] = "uscc"

    consent_id: Id
    uscc: UsccText
    grantee: OrgCode
    revoked_on: Day


class OperationExecuted(OperationFacts, Event):
    """An operation on this service's event stores was carried out."""

    TYPE: ClassVar[str] = "registry.operation.executed.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "operation_id"
