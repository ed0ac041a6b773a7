"""Requests and responses of the consents."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.registry.consents.store import Stored
from shared.events.registry import Purpose
from shared.web.fields import Body, Day, Digest, Id, OrgCode, UsccField, View
from shared.web.paging import Page


class GrantConsent(Body):
    """What an enterprise signs: who may read what, for what, from when to when."""

    uscc: UsccField
    grantee: OrgCode
    purpose: Annotated[Purpose, Field(examples=["credit_assessment"])]
    feeds: Annotated[list[OrgCode], Field(min_length=1, max_length=20)]
    evidence_sha256: Digest
    valid_from: Day
    valid_to: Day


class ConsentView(View):
    """A consent as its parties see it; ``valid_to`` is exclusive."""

    consent_id: Id
    uscc: UsccField
    grantee: OrgCode
    purpose: Annotated[Purpose, Field(examples=["credit_assessment"])]
    feeds: list[OrgCode]
    evidence_sha256: Digest
    valid_from: Day
    valid_to: Day
    revoked_on: Day | None
    version: int = Field(examples=[1])

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show a stored consent."""
        consent = stored.consent
        return cls(
            consent_id=UUID(str(consent.id)),
            uscc=consent.uscc.code,
            grantee=consent.grantee,
            purpose=consent.purpose,
            feeds=list(consent.feeds),
            evidence_sha256=consent.evidence_sha256,
            valid_from=consent.valid_from,
            valid_to=consent.valid_to,
            revoked_on=consent.revoked_on,
            version=stored.version,
        )


ConsentPage = Page[ConsentView]
