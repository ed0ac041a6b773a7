"""Events of a small city: institutions, a firm, its consent and its qualifications."""

from datetime import date
from uuid import UUID

from shared.events.registry import (
    Category,
    ConsentGranted,
    ConsentRevoked,
    InstitutionKind,
    InstitutionRegistered,
    ProfileRecorded,
    Purpose,
    QualificationAmended,
    QualificationGranted,
    QualificationRevoked,
)

FIRM = "91320706MA1N00018N"
OTHER_FIRM = "91320707MA1N000260"
QUALIFICATION = UUID("01890a5d-ac96-774b-bcce-b30209900001")
CONSENT = UUID("01890a5d-ac96-774b-bcce-b30209900002")


def an_institution(
    code: str, kind: InstitutionKind, *, valid_to: date | None = None
) -> InstitutionRegistered:
    return InstitutionRegistered(
        code=code,
        kind=kind,
        name_zh=f"示例{code}",
        name_en=f"Example {code}",
        uscc=None,
        region="320700",
        valid_from=date(2019, 1, 1),
        valid_to=valid_to,
    )


def a_consent(
    grantee: str,
    *,
    uscc: str = FIRM,
    purpose: Purpose = "credit_assessment",
    feeds: tuple[str, ...] = ("enterprise-qualifications",),
    consent_id: UUID = CONSENT,
    valid_to: date = date(2027, 3, 1),
) -> ConsentGranted:
    return ConsentGranted(
        consent_id=consent_id,
        uscc=uscc,
        grantee=grantee,
        purpose=purpose,
        feeds=feeds,
        evidence_sha256="a" * 64,
        valid_from=date(2026, 3, 1),
        valid_to=valid_to,
    )


def a_revocation(grantee: str, *, consent_id: UUID = CONSENT, uscc: str = FIRM) -> ConsentRevoked:
    return ConsentRevoked(
        consent_id=consent_id, uscc=uscc, grantee=grantee, revoked_on=date(2026, 3, 2)
    )


def a_qualification(
    *, uscc: str = FIRM, category: Category = "hnte", qualification_id: UUID = QUALIFICATION
) -> QualificationGranted:
    return QualificationGranted(
        qualification_id=qualification_id,
        uscc=uscc,
        category=category,
        certificate_no="GR202532000001",
        granted_by="dept-kj",
        valid_from=date(2025, 1, 1),
        valid_to=date(2028, 1, 1),
    )


def an_amendment(
    *, uscc: str = FIRM, valid_to: date = date(2029, 1, 1), reason: str = "延期"
) -> QualificationAmended:
    return QualificationAmended(
        qualification_id=QUALIFICATION,
        uscc=uscc,
        category="hnte",
        certificate_no="GR202532000001",
        amended_by="dept-kj",
        reason=reason,
        valid_from=date(2025, 1, 1),
        valid_to=valid_to,
    )


def a_withdrawal(
    *, uscc: str = FIRM, qualification_id: UUID = QUALIFICATION
) -> QualificationRevoked:
    return QualificationRevoked(
        qualification_id=qualification_id,
        uscc=uscc,
        category="hnte",
        revoked_by="dept-kj",
        reason="复核未通过",
        revoked_on=date(2026, 3, 2),
    )


def a_profile(*, uscc: str = FIRM) -> ProfileRecorded:
    return ProfileRecorded(
        uscc=uscc, recorded_by="dept-sw", staff=60, sales_fen=2_000_000_000, tax_grade="A"
    )
