"""Responses on what has arrived."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from services.notify.known.rules import KnownConsent
from shared.web.fields import Day, Id, OrgCode, UsccField, View


class KnownConsentView(View):
    """A consent as notify applies it at this moment."""

    consent_id: Id
    uscc: UsccField
    grantee: OrgCode
    state: Annotated[Literal["granted", "revoked"], Field(examples=["revoked"])]
    revoked_on: Day | None
    known_since: Annotated[
        datetime,
        Field(description="when this state arrived here", examples=["2026-03-02T01:00:00Z"]),
    ]

    @classmethod
    def of(cls, consent: KnownConsent) -> Self:
        """Show a consent."""
        return cls(
            consent_id=consent.consent_id,
            uscc=consent.uscc,
            grantee=consent.grantee,
            state="granted" if consent.revoked_on is None else "revoked",
            revoked_on=consent.revoked_on,
            known_since=consent.known_since,
        )
