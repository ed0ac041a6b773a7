"""Requests and responses of the subscriptions."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.notify.grants.rules import State
from services.notify.grants.store import Stored
from shared.events.fields import Word
from shared.events.notify import LegalBasis
from shared.web.fields import Body, Day, Id, OrgCode, Text, View
from shared.web.paging import Page

FeedCode = Annotated[OrgCode, Field(examples=["enterprise-qualifications"])]
Names = Annotated[
    list[Word], Field(min_length=1, max_length=50, examples=[["uscc", "category", "valid_to"]])
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
    """What the operator grants; ``valid_to`` is exclusive."""

    fields: Names
    valid_from: Day
    valid_to: Annotated[Day, Field(examples=["2027-03-02"])]


class RevokeSubscription(Body):
    """Why a grant is withdrawn."""

    reason: Text


class GrantView(View):
    """A grant: fields, period, and who approved it."""

    fields: Names
    valid_from: Day
    valid_to: Day
    approved_by: Text


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
            grant=None
            if grant is None
            else GrantView(
                fields=list(grant.fields),
                valid_from=grant.valid_from,
                valid_to=grant.valid_to,
                approved_by=grant.approved_by,
            ),
            revoked_because=found.revoked_because,
            version=stored.version,
        )


SubscriptionPage = Page[SubscriptionView]
