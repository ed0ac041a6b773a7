"""The tables of the reconciliations, as the migrations make them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class ReconciliationsTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class ReconciliationStatementTable(ReconciliationsTables, table=True):
    """An organisation's word on a day; the highest number counts, none is changed."""

    __tablename__ = "reconciliation_statement"

    org: str = Field(sa_column=Column(Text, primary_key=True))
    day: date = Field(sa_column=Column(Date, primary_key=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True))
    row_count: int = Field(sa_column=Column(Integer, nullable=False))
    sha256: str = Field(sa_column=Column(Text, nullable=False))
    stated_by: str = Field(sa_column=Column(Text, nullable=False))
    stated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class ReconciliationRowTable(ReconciliationsTables, table=True):
    """One row of a statement."""

    __tablename__ = "reconciliation_row"

    org: str = Field(sa_column=Column(Text, primary_key=True))
    day: date = Field(sa_column=Column(Date, primary_key=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    subject_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    party: str = Field(sa_column=Column(Text, primary_key=True))
    amount_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    guarantee_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    bank: str = Field(sa_column=Column(Text, nullable=False))
