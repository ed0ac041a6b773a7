"""Tables of the claims, as the migrations make them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class ClaimsTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class ClaimTable(ClaimsTables, table=True):
    """A claim for compensation."""

    __tablename__ = "claim"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    guarantee_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    loan_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    programme: str = Field(sa_column=Column(Text, nullable=False))
    bank: str = Field(sa_column=Column(Text, nullable=False))
    guarantor: str = Field(sa_column=Column(Text, nullable=False))
    fund: str = Field(sa_column=Column(Text, nullable=False))
    ledger_party: str = Field(sa_column=Column(Text, nullable=False))
    viewers: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    covered_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    principal_outstanding_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    recovered_before_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    documents: Any = Field(sa_column=Column(JSONB, nullable=False))
    filed_on: date = Field(sa_column=Column(Date, nullable=False))
    filed_by: str = Field(sa_column=Column(Text, nullable=False))
    verified_by: str | None = Field(sa_column=Column(Text))
    approved_by: str | None = Field(sa_column=Column(Text))
    approved_on: date | None = Field(sa_column=Column(Date))
    rejected_by: str | None = Field(sa_column=Column(Text))
    rejection_reason: str | None = Field(sa_column=Column(Text))
    eligible_loss_fen: int | None = Field(sa_column=Column(BigInteger))
    settled_on: date | None = Field(sa_column=Column(Date))
    closed_on: date | None = Field(sa_column=Column(Date))
