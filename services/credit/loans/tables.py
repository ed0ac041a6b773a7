"""Tables of the loans, as the migrations make them."""

from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Date, Integer, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class LoansTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class LoanTable(LoansTables, table=True):
    """A loan as its bank reported it last."""

    __tablename__ = "loan"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    bank: str = Field(sa_column=Column(Text, nullable=False))
    bank_reference: str = Field(sa_column=Column(Text, nullable=False))
    uscc: str = Field(sa_column=Column(Text, nullable=False))
    demand_id: UUID | None = Field(sa_column=Column(Uuid))
    amount_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    rate_ppm: int = Field(sa_column=Column(Integer, nullable=False))
    tenor_months: int = Field(sa_column=Column(Integer, nullable=False))
    signed_on: date = Field(sa_column=Column(Date, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    programme: str | None = Field(sa_column=Column(Text))
    guarantor: str | None = Field(sa_column=Column(Text))
    guarantee_id: UUID | None = Field(sa_column=Column(Uuid))
    enrolled_on: date | None = Field(sa_column=Column(Date))
    refusal_codes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    disbursed_on: date | None = Field(sa_column=Column(Date))
    matures_on: date | None = Field(sa_column=Column(Date))
    overdue_since: date | None = Field(sa_column=Column(Date))
    principal_outstanding_fen: int | None = Field(sa_column=Column(BigInteger))
    reported_on: date | None = Field(sa_column=Column(Date))
    classification: str | None = Field(sa_column=Column(Text))
    classified_on: date | None = Field(sa_column=Column(Date))
    claim_id: UUID | None = Field(sa_column=Column(Uuid))
    compensated_fen: int | None = Field(sa_column=Column(BigInteger))
    closed_on: date | None = Field(sa_column=Column(Date))
    settled_on: date | None = Field(sa_column=Column(Date))
    withdrawn_on: date | None = Field(sa_column=Column(Date))
