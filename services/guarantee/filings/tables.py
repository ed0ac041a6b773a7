"""The table of the filings, as the migrations make it."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Integer, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class FilingsTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class FilingTable(FilingsTables, table=True):
    """One guarantee filed with one party; filed once."""

    __tablename__ = "filing"

    guarantee_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    party: str = Field(sa_column=Column(Text, primary_key=True))
    org: str = Field(sa_column=Column(Text, nullable=False))
    month: date = Field(sa_column=Column(Date, nullable=False))
    filed_on: date = Field(sa_column=Column(Date, nullable=False))
    guaranteed_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    share_ppm: int = Field(sa_column=Column(Integer, nullable=False))
    fee_fen: int | None = Field(sa_column=Column(BigInteger))
    guarantor: str = Field(sa_column=Column(Text, nullable=False))
