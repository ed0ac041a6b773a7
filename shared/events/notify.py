"""Events that notify publishes: who may read which feed, and what was disclosed."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.events.envelope import DataClass, Event
from shared.events.fields import Count, Day, Id, OrgCode, Text, UsccText
from shared.events.operation_parts import OperationFacts

LegalBasis = Literal["duty", "consent"]
"""政务数据共享条例 for departments; the enterprise's authorisation for everyone else."""


class SubscriptionRequested(Event):
    """An organisation asked for a feed."""

    TYPE: ClassVar[str] = "notify.subscription.requested.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "subscription_id"

    subscription_id: Id
    subscriber: OrgCode
    feed: OrgCode
    legal_basis: Annotated[LegalBasis, Field(examples=["consent"])]
    purpose: Text


class GrantIssued(Event):
    """The operator granted fields for a purpose and a period, of named enterprises or of all."""

    TYPE: ClassVar[str] = "notify.subscription.grant_issued.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "subscription_id"

    subscription_id: Id
    subscriber: OrgCode
    feed: OrgCode
    legal_basis: Annotated[LegalBasis, Field(examples=["consent"])]
    purpose: Text
    fields: tuple[Text, ...]
    valid_from: Day
    valid_to: Day
    approved_by: Text
    enterprises: Annotated[
        tuple[UsccText, ...] | None, Field(examples=[["91320706MA1N00018N"]])
    ] = None


class GrantRevoked(Event):
    """The operator withdrew a grant."""

    TYPE: ClassVar[str] = "notify.subscription.grant_revoked.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "subscription_id"

    subscription_id: Id
    reason: Text


class FeedDisclosed(Event):
    """A read of a feed handed data over; the disclosure log has the entries."""

    TYPE: ClassVar[str] = "notify.delivery.disclosed.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "read_id"
    KEY: ClassVar[str] = "subscriber"

    read_id: Id
    subscriber: OrgCode
    feed: OrgCode
    entries: Count


class OperationExecuted(OperationFacts, Event):
    """An operation on this service's event stores was carried out."""

    TYPE: ClassVar[str] = "notify.operation.executed.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "operation_id"
