"""Tables of what guarantee knows of others, as the migrations make them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, DateTime, Identity, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class KnownTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class KnownInstitutionTable(KnownTables, table=True):
    """An institution's newest entry in the directory."""

    __tablename__ = "known_institution"

    code: str = Field(sa_column=Column(Text, primary_key=True))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    valid_to: date | None = Field(sa_column=Column(Date))


class KnownEnterpriseTable(KnownTables, table=True):
    """An enterprise that registry told of."""

    __tablename__ = "known_enterprise"

    uscc: str = Field(sa_column=Column(Text, primary_key=True))


class KnownListMemberTable(KnownTables, table=True):
    """The newest version of a list that names a firm."""

    __tablename__ = "known_list_member"

    uscc: str = Field(sa_column=Column(Text, primary_key=True))
    list_code: str = Field(sa_column=Column(Text, primary_key=True))
    list_version: int = Field(sa_column=Column(BigInteger, nullable=False))


class KnownQualificationTable(KnownTables, table=True):
    """A qualification as it was granted or amended last."""

    __tablename__ = "known_qualification"

    qualification_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    uscc: str = Field(sa_column=Column(Text, nullable=False))
    category: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    valid_to: date = Field(sa_column=Column(Date, nullable=False))
    revoked_on: date | None = Field(sa_column=Column(Date))


class KnownLoanTable(KnownTables, table=True):
    """A loan that was drawn, as its bank reported it last."""

    __tablename__ = "known_loan"

    loan_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    uscc: str = Field(sa_column=Column(Text, nullable=False))
    bank: str = Field(sa_column=Column(Text, nullable=False))
    disbursed_on: date = Field(sa_column=Column(Date, nullable=False))
    matures_on: date = Field(sa_column=Column(Date, nullable=False))
    principal_outstanding_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    overdue_since: date | None = Field(sa_column=Column(Date))
    classification: str | None = Field(sa_column=Column(Text))
    classified_on: date | None = Field(sa_column=Column(Date))
    closed_on: date | None = Field(sa_column=Column(Date))


class KnownLoanFactTable(KnownTables, table=True):
    """A loan as it stood after one event; never changed, so that a past day reads as it was."""

    __tablename__ = "known_loan_fact"

    event_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    loan_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    fact_on: date = Field(sa_column=Column(Date, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    principal_outstanding_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    overdue_since: date | None = Field(sa_column=Column(Date))
    classification: str | None = Field(sa_column=Column(Text))
    closed_on: date | None = Field(sa_column=Column(Date))
    position: int = Field(sa_column=Column(BigInteger, Identity(), nullable=False))
