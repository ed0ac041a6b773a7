"""Requests and responses of the subscriptions."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.notify.grants.rules import MOST_ENTERPRISES, Grant, State
from services.notify.grants.store import Stored
from shared.events.fields import Word
from shared.events.notify import LegalBasis
from shared.web.fields import Body, Day, Id, OrgCode, Text, UsccField, View
from shared.web.paging import Page

FeedCode = Annotated[OrgCode, Field(examples=["enterprise-qualifications"])]
Names = Annotated[
    list[Word], Field(min_length=1, max_length=50, examples=[["uscc", "category", "valid_to"]])
]
Enterprises = Annotated[
    list[UsccField],
    Field(
        min_length=1,
        max_length=MOST_ENTERPRISES,
        description="the enterprises of whom entries are shown",
        examples=[["91320706MA1N00018N"]],
    ),
]
PurposeText = Annotated[Text, Field(examples=["credit_assessment"])]
Basis = Annotated[LegalBasis, Field(examples=["consent"])]


class RequestSubscription(Body):
    """What an organisation asks for: a feed's fields, for what, and on which legal basis."""

    feed: FeedCode
    purpose: PurposeText
    legal_basis: Basis
    fields: Names


class ApproveSubscription(Body):
    """What the operator grants; ``valid_to`` is exclusive, no ``enterprises`` means all."""

    fields: Names
    valid_from: Day
    valid_to: Annotated[Day, Field(examples=["2027-03-02"])]
    enterprises: Enterprises | None = None


class RevokeSubscription(Body):
    """Why a grant is withdrawn."""

    reason: Text


class GrantView(View):
    """A grant: fields, period, scope, and who approved it."""

    fields: Names
    valid_from: Day
    valid_to: Day
    approved_by: Text
    enterprises: list[UsccField] | None = Field(description="null: every enterprise")

    @classmethod
    def of(cls, grant: Grant) -> Self:
        """Show a grant; the enterprises of its scope are in order."""
        scope = grant.enterprises
        return cls(
            fields=list(grant.fields),
            valid_from=grant.valid_from,
            valid_to=grant.valid_to,
            approved_by=grant.approved_by,
            enterprises=None if scope is None else sorted(scope),
        )


class SubscriptionView(View):
    """A subscription as its subscriber and the operator see it."""

    subscription_id: Id
    subscriber: OrgCode
    feed: FeedCode
    purpose: PurposeText
    legal_basis: Basis
    wanted: Names
    state: Annotated[State, Field(examples=["ACTIVE"])]
    grant: GrantView | None
    revoked_because: Text | None
    version: int = Field(examples=[2])

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show a stored subscription."""
        found = stored.subscription
        grant = found.grant
        return cls(
            subscription_id=UUID(str(found.id)),
            subscriber=found.subscriber,
            feed=found.feed,
            purpose=found.purpose,
            legal_basis=found.legal_basis,
            wanted=list(found.wanted),
            state=found.state,
            grant=None if grant is None else GrantView.of(grant),
            revoked_because=found.revoked_because,
            version=stored.version,
        )


SubscriptionPage = Page[SubscriptionView]
