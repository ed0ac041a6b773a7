"""Tables of what credit knows of others, as the migrations make them."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Integer, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class KnownTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class KnownInstitutionTable(KnownTables, table=True):
    """An institution of the directory."""

    __tablename__ = "known_institution"

    code: str = Field(sa_column=Column(Text, primary_key=True))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    valid_to: date | None = Field(sa_column=Column(Date))


class KnownEnterpriseTable(KnownTables, table=True):
    """An enterprise that registry told of."""

    __tablename__ = "known_enterprise"

    uscc: str = Field(sa_column=Column(Text, primary_key=True))


class KnownConsentTable(KnownTables, table=True):
    """A consent under which a bank may assess."""

    __tablename__ = "known_consent"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    uscc: str = Field(sa_column=Column(Text, nullable=False))
    grantee: str = Field(sa_column=Column(Text, nullable=False))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    valid_to: date = Field(sa_column=Column(Date, nullable=False))
    revoked_on: date | None = Field(sa_column=Column(Date))


class KnownBreakerTable(KnownTables, table=True):
    """A programme's breaker that is out for a bank."""

    __tablename__ = "known_breaker"

    programme: str = Field(sa_column=Column(Text, primary_key=True))
    bank: str = Field(sa_column=Column(Text, primary_key=True))
    numerator_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    base_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    threshold_ppm: int = Field(sa_column=Column(Integer, nullable=False))
    tripped_on: date = Field(sa_column=Column(Date, nullable=False))
