"""Tables of the breakers, as the migrations make them."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class BreakersTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class BreakerTable(BreakersTables, table=True):
    """A bank's breaker in a programme."""

    __tablename__ = "breaker"

    programme: str = Field(sa_column=Column(Text, primary_key=True))
    bank: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    viewers: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    year: int = Field(sa_column=Column(Integer, nullable=False))
    numerator_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    base_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    ratio_ppm: int | None = Field(sa_column=Column(BigInteger))
    threshold_ppm: int = Field(sa_column=Column(Integer, nullable=False))
    changed_on: date = Field(sa_column=Column(Date, nullable=False))
    reason: str | None = Field(sa_column=Column(Text))


class BreakerLoanTable(BreakersTables, table=True):
    """What a loan counts in its bank's breaker."""

    __tablename__ = "breaker_loan"

    loan_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    year: int = Field(sa_column=Column(Integer, nullable=False))
    counted_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
