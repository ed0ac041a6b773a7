"""Tables of what notify knows of others, as the migrations make them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, Column, Date, DateTime, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class KnownTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class KnownInstitutionTable(KnownTables, table=True):
    """An institution of the directory; ``valid_to`` is exclusive, None without an end."""

    __tablename__ = "known_institution"

    code: str = Field(sa_column=Column(Text, primary_key=True))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    valid_to: date | None = Field(sa_column=Column(Date))


class KnownConsentTable(KnownTables, table=True):
    """A consent as far as it has arrived."""

    __tablename__ = "known_consent"

    consent_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    uscc: str = Field(sa_column=Column(Text, nullable=False))
    grantee: str = Field(sa_column=Column(Text, nullable=False))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    feeds: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    valid_to: date = Field(sa_column=Column(Date, nullable=False))
    revoked_on: date | None = Field(sa_column=Column(Date))
    known_since: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
