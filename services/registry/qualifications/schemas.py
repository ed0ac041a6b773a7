"""Requests and responses of the qualifications."""

from typing import Annotated, Self

from pydantic import Field

from services.registry.qualifications.store import Stored
from shared.events.registry import Category
from shared.web.fields import Body, Count, Day, Id, OrgCode, Text, UsccField, View


class GrantQualification(Body):
    """A certificate; ``valid_to`` is exclusive."""

    uscc: UsccField
    category: Annotated[Category, Field(examples=["hnte"])]
    certificate_no: Text
    valid_from: Day
    valid_to: Day


class AmendQualification(Body):
    """What the certificate says from now on, and why."""

    certificate_no: Text
    valid_from: Day
    valid_to: Day
    reason: Text


class RevokeQualification(Body):
    """Why the certificate is withdrawn."""

    reason: Text


class QualificationView(View):
    """A certificate; ``valid_to`` is exclusive."""

    qualification_id: Id
    uscc: UsccField
    category: Annotated[Category, Field(examples=["hnte"])]
    certificate_no: Text
    granted_by: OrgCode
    valid_from: Day
    valid_to: Day
    revoked_on: Day | None
    version: Count

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show a stored qualification."""
        entry = stored.qualification
        return cls(
            qualification_id=entry.id,
            uscc=entry.uscc.code,
            category=entry.category,
            certificate_no=entry.certificate_no,
            granted_by=entry.granted_by,
            valid_from=entry.valid_from,
            valid_to=entry.valid_to,
            revoked_on=entry.revoked_on,
            version=stored.version,
        )


class QualificationsView(View):
    """Those qualifications of one enterprise that the reader is shown, oldest first."""

    items: list[QualificationView]

    @classmethod
    def of(cls, stored: list[Stored]) -> Self:
        """Show stored qualifications."""
        return cls(items=[QualificationView.of(entry) for entry in stored])
