"""Tables of the subscriptions, as the migrations make them."""

from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Date, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class GrantsTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class SubscriptionTable(GrantsTables, table=True):
    """A request with the grant that answered it, if one did."""

    __tablename__ = "subscription"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    subscriber: str = Field(sa_column=Column(Text, nullable=False))
    feed: str = Field(sa_column=Column(Text, nullable=False))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    legal_basis: str = Field(sa_column=Column(Text, nullable=False))
    wanted: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    requested_by: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    fields: list[str] | None = Field(sa_column=Column(ARRAY(Text)))
    valid_from: date | None = Field(sa_column=Column(Date))
    valid_to: date | None = Field(sa_column=Column(Date))
    approved_by: str | None = Field(sa_column=Column(Text))
    enterprises: list[str] | None = Field(sa_column=Column(ARRAY(Text)))
    revoked_because: str | None = Field(sa_column=Column(Text))
