"""Tables of the consents, as the migrations make them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Date, DateTime, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class ConsentsTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class ConsentTable(ConsentsTables, table=True):
    """An authorisation of an enterprise, revoked or not."""

    __tablename__ = "consent"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    uscc: str = Field(sa_column=Column(Text, nullable=False))
    grantee: str = Field(sa_column=Column(Text, nullable=False))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    feeds: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    evidence_sha256: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    valid_to: date = Field(sa_column=Column(Date, nullable=False))
    granted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    revoked_on: date | None = Field(sa_column=Column(Date))
