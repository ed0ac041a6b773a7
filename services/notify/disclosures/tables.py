"""Table of the disclosure log, as the migrations make it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class DisclosuresTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class DisclosureTable(DisclosuresTables, table=True):
    """One entry that one read handed over; appended, never changed."""

    __tablename__ = "disclosure"

    read_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    position: int = Field(sa_column=Column(BigInteger, primary_key=True))
    subscriber: str = Field(sa_column=Column(Text, nullable=False))
    person: str = Field(sa_column=Column(Text, nullable=False))
    feed: str = Field(sa_column=Column(Text, nullable=False))
    event_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    uscc: str | None = Field(sa_column=Column(Text))
    fields: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    legal_basis: str = Field(sa_column=Column(Text, nullable=False))
    subscription_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    consent_id: UUID | None = Field(sa_column=Column(Uuid))
    disclosed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
