"""Consents (授权): an enterprise lets an institution read named feeds for one purpose.

Sources: 征信业管理条例 art. 18 and 20 (written consent, agreed use), 个人信息保护法 art. 14, 15
and 23 (withdrawable at any time, naming recipient and purpose). A consent is granted once, holds
in its half-open period, and ends early only by revocation; changing it means granting another.

Example: granted 2026-03-01 for [2026-03-01, 2027-03-01), revoked 2026-06-10: it held on 2026-06-09,
not on 2026-06-10.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import NewType
from uuid import UUID

from shared.errors import Conflict, RuleViolation, Violation
from shared.events.registry import ConsentGranted, ConsentRevoked, Purpose
from shared.uscc import Uscc

ConsentId = NewType("ConsentId", UUID)

LONGEST_DAYS = 3 * 366
"""A consent names an end; three years is the longest that can be given at once."""


class ConsentPeriodInvalid(RuleViolation):
    """The period is empty, already over, or longer than a consent may run."""

    code = "consent-period-invalid"
    title_zh = "授权期限无效"
    title_en = "Invalid consent period"


class ConsentAlreadyRevoked(Conflict):
    """The consent was revoked before."""

    code = "consent-already-revoked"
    title_zh = "授权已撤销"
    title_en = "Consent already revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One authorisation; ``valid_to`` is exclusive."""

    id: ConsentId
    uscc: Uscc
    grantee: str
    purpose: Purpose
    feeds: tuple[str, ...]
    evidence_sha256: str
    valid_from: date
    valid_to: date
    revoked_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Tell whether data may be read under it on a business date."""
        if self.revoked_on is not None and day >= self.revoked_on:
            return False
        return self.valid_from <= day < self.valid_to


def grant(consent: Consent, *, today: date) -> tuple[Consent, ConsentGranted]:
    """Grant a consent; raises :class:`ConsentPeriodInvalid`."""
    days = (consent.valid_to - consent.valid_from).days
    if days <= 0 or days > LONGEST_DAYS or consent.valid_to <= today:
        raise ConsentPeriodInvalid(
            "the period must begin before it ends, end after today and last at most three years",
            violations=(
                Violation(
                    code="period",
                    zh="期限须起早于止、止晚于今日、最长三年",
                    en="must begin before it ends, end after today, last at most three years",
                    field="/valid_to",
                    limit=LONGEST_DAYS,
                    actual=days,
                ),
            ),
        )
    event = ConsentGranted(
        consent_id=consent.id,
        uscc=consent.uscc.code,
        grantee=consent.grantee,
        purpose=consent.purpose,
        feeds=consent.feeds,
        evidence_sha256=consent.evidence_sha256,
        valid_from=consent.valid_from,
        valid_to=consent.valid_to,
    )
    return consent, event


def revoke(consent: Consent, *, today: date) -> tuple[Consent, ConsentRevoked]:
    """Revoke a consent from today on; raises :class:`ConsentAlreadyRevoked`."""
    if consent.revoked_on is not None:
        raise ConsentAlreadyRevoked(f"consent {consent.id} was revoked on {consent.revoked_on}")
    revoked = replace(consent, revoked_on=today)
    event = ConsentRevoked(
        consent_id=consent.id,
        uscc=consent.uscc.code,
        grantee=consent.grantee,
        revoked_on=today,
    )
    return revoked, event
