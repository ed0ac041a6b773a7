"""Responses of the disclosure log."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from services.notify.disclosures.rules import Disclosure
from shared.events.notify import LegalBasis
from shared.web.fields import Count, Id, OrgCode, Text, UsccField, View
from shared.web.paging import Page


class DisclosureView(View):
    """One entry that was handed over: to whom, of whom, which fields, when, why."""

    read_id: Id
    position: Count
    subscriber: OrgCode
    person: Text
    feed: OrgCode = Field(examples=["enterprise-qualifications"])
    event_id: Id
    uscc: UsccField | None
    fields: list[str] = Field(examples=[["uscc", "category"]])
    purpose: Text = Field(examples=["credit_assessment"])
    legal_basis: Annotated[LegalBasis, Field(examples=["consent"])]
    subscription_id: Id
    consent_id: Id | None
    disclosed_at: Annotated[datetime, Field(examples=["2026-03-02T01:00:00Z"])]

    @classmethod
    def of(cls, row: Disclosure) -> Self:
        """Show a row of the log."""
        return cls(
            read_id=row.read_id,
            position=row.position,
            subscriber=row.subscriber,
            person=row.person,
            feed=row.feed,
            event_id=row.event_id,
            uscc=row.uscc,
            fields=list(row.fields),
            purpose=row.purpose,
            legal_basis=row.legal_basis,
            subscription_id=row.subscription_id,
            consent_id=row.consent_id,
            disclosed_at=row.disclosed_at,
        )


DisclosurePage = Page[DisclosureView]
