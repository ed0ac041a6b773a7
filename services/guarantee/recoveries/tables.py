"""Tables of the recoveries, as the migrations make them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class RecoveriesTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class RecoveryTable(RecoveriesTables, table=True):
    """Cash that came back and how it was shared; never changed."""

    __tablename__ = "recovery"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    claim_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    cash_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    costs_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    costs_paid_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    surplus_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    received_on: date = Field(sa_column=Column(Date, nullable=False))
    reference: str = Field(sa_column=Column(Text, nullable=False))
    allocations: Any = Field(sa_column=Column(JSONB, nullable=False))
    recorded_by: str = Field(sa_column=Column(Text, nullable=False))
    trace: Any = Field(sa_column=Column(JSONB, nullable=False))
