"""Tables of the funds and their ledger, as the migrations make them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Identity,
    Integer,
    SmallInteger,
    Text,
    Uuid,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class FundTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class FundTable(FundTables, table=True):
    """A fund's balances; its row is locked last."""

    __tablename__ = "fund"

    code: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    leverage: int = Field(sa_column=Column(Integer, nullable=False))
    capital_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    cash_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    committed_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    reserved_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    opened_on: date = Field(sa_column=Column(Date, nullable=False))


class FundPostingTable(FundTables, table=True):
    """A balanced set of entries; never changed."""

    __tablename__ = "fund_posting"

    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    posting_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    fund: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    cause_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    reverses: UUID | None = Field(sa_column=Column(Uuid))
    booked_on: date = Field(sa_column=Column(Date, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    note: str = Field(sa_column=Column(Text, nullable=False))
    valued_on: date | None = Field(sa_column=Column(Date))


class FundEntryTable(FundTables, table=True):
    """One line of a posting; never changed."""

    __tablename__ = "fund_entry"

    posting_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    line: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    account: str = Field(sa_column=Column(Text, nullable=False))
    debit_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    credit_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
