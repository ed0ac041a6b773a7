"""Qualifications (资格认定): certificates that a department grants for a period.

A qualification is not a list: the list names firms on a day, the certificate says what a firm is
from one day to another. Correcting one is an event of its own that every earlier recipient sees.

Example: granted [2025-09-08, 2028-09-08); amended on 2026-03-02 to end 2027-09-08; it holds on
2027-09-07 and no longer on 2027-09-08.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NewType
from uuid import UUID

from shared.errors import Conflict, NotFound, RuleViolation, Violation
from shared.events.registry import (
    Category,
    QualificationAmended,
    QualificationGranted,
    QualificationRevoked,
)
from shared.uscc import Uscc

QualificationId = NewType("QualificationId", UUID)


class QualificationNotFound(NotFound):
    """There is no such qualification, or another department granted it."""

    code = "qualification-not-found"
    title_zh = "未找到资格"
    title_en = "Qualification not found"
    action_zh = "此处仅可查询本机构认定的资格；其他资格请在 notify 订阅 enterprise-qualifications。"
    action_en = (
        "Only what your organisation granted is shown here; for the rest subscribe to the feed "
        "enterprise-qualifications of notify."
    )


class QualificationPeriodInvalid(RuleViolation):
    """The period ends before it begins."""

    code = "qualification-period-invalid"
    title_zh = "资格有效期无效"
    title_en = "Invalid qualification period"


class CertificateTaken(Conflict):
    """The enterprise has a certificate of this category and number already."""

    code = "certificate-taken"
    title_zh = "该企业已有同类同号证书"
    title_en = "Certificate registered before"
    action_zh = "请核对证书编号；如需更正已登记的证书，请由认定部门更正。"
    action_en = (
        "Check the number; to correct the certificate that is there, let who granted it amend."
    )


class QualificationRevokedAlready(Conflict):
    """The qualification was revoked before."""

    code = "qualification-already-revoked"
    title_zh = "资格已撤销"
    title_en = "Qualification already revoked"


class QualificationUnchanged(Conflict):
    """The amendment changes nothing."""

    code = "qualification-unchanged"
    title_zh = "更正内容与现状一致"
    title_en = "Nothing to amend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualification:
    """One certificate; ``valid_to`` is exclusive."""

    id: QualificationId
    uscc: Uscc
    category: Category
    certificate_no: str
    granted_by: str
    valid_from: date
    valid_to: date
    revoked_on: date | None = None

    @property
    def certificate(self) -> tuple[Category, str]:
        """What names it among an enterprise's qualifications, also after it was revoked."""
        return self.category, self.certificate_no


def grant(qualification: Qualification, *, held: Sequence[Qualification]) -> QualificationGranted:
    """Grant a qualification to an enterprise that holds others.

    Raises :class:`QualificationPeriodInvalid` or :class:`CertificateTaken`.
    """
    _check_period(qualification.valid_from, qualification.valid_to)
    _check_number(qualification, held)
    return QualificationGranted(
        qualification_id=qualification.id,
        uscc=qualification.uscc.code,
        category=qualification.category,
        certificate_no=qualification.certificate_no,
        granted_by=qualification.granted_by,
        valid_from=qualification.valid_from,
        valid_to=qualification.valid_to,
    )


def amend(
    qualification: Qualification,
    *,
    held: Sequence[Qualification],
    certificate_no: str,
    valid_from: date,
    valid_to: date,
    reason: str,
    by: str,
) -> tuple[Qualification, QualificationAmended]:
    """Correct a qualification; it must still stand, something must change, its number be free."""
    _check_standing(qualification)
    _check_period(valid_from, valid_to)
    amended = replace(
        qualification, certificate_no=certificate_no, valid_from=valid_from, valid_to=valid_to
    )
    if amended == qualification:
        raise QualificationUnchanged(f"qualification {qualification.id} is already so")
    _check_number(amended, held)
    event = QualificationAmended(
        qualification_id=amended.id,
        uscc=amended.uscc.code,
        category=amended.category,
        certificate_no=certificate_no,
        amended_by=by,
        reason=reason,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    return amended, event


def revoke(
    qualification: Qualification, *, today: date, reason: str, by: str
) -> tuple[Qualification, QualificationRevoked]:
    """Withdraw a qualification from today on."""
    _check_standing(qualification)
    event = QualificationRevoked(
        qualification_id=qualification.id,
        uscc=qualification.uscc.code,
        category=qualification.category,
        revoked_by=by,
        reason=reason,
        revoked_on=today,
    )
    return replace(qualification, revoked_on=today), event


def _check_standing(qualification: Qualification) -> None:
    if qualification.revoked_on is not None:
        raise QualificationRevokedAlready(f"qualification {qualification.id} was revoked")


def _check_number(qualification: Qualification, held: Sequence[Qualification]) -> None:
    for other in held:
        if other.id != qualification.id and other.certificate == qualification.certificate:
            raise _taken(other)


def _taken(other: Qualification) -> CertificateTaken:
    violation = Violation(
        code="certificate_taken",
        zh="该企业在此类别下已登记此证书编号",
        en="the enterprise has a certificate of this category and number already",
        field="/certificate_no",
        actual=other.certificate_no,
    )
    return CertificateTaken(violation.en, violations=(violation,))


def _check_period(valid_from: date, valid_to: date) -> None:
    if valid_from < valid_to:
        return
    violation = Violation(
        code="period",
        zh="止期须晚于起期",
        en="must be after valid_from",
        field="/valid_to",
        limit=valid_from.isoformat(),
        actual=valid_to.isoformat(),
    )
    raise QualificationPeriodInvalid(violation.en, violations=(violation,))
