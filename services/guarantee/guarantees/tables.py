"""Tables of the guarantees, as the migrations make them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class GuaranteesTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class GuaranteeTable(GuaranteesTables, table=True):
    """An application, declined or covered, with its letter's terms."""

    __tablename__ = "guarantee"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    loan_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    uscc: str = Field(sa_column=Column(Text, nullable=False))
    bank: str = Field(sa_column=Column(Text, nullable=False))
    guarantor: str = Field(sa_column=Column(Text, nullable=False))
    programme: str = Field(sa_column=Column(Text, nullable=False))
    amount_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    rate_ppm: int = Field(sa_column=Column(Integer, nullable=False))
    tenor_months: int = Field(sa_column=Column(Integer, nullable=False))
    signed_on: date = Field(sa_column=Column(Date, nullable=False))
    requested_on: date = Field(sa_column=Column(Date, nullable=False))
    decided_on: date = Field(sa_column=Column(Date, nullable=False))
    refusals: Any = Field(sa_column=Column(JSONB, nullable=False))
    cover: Any = Field(sa_column=Column(JSONB))
    trace: Any = Field(sa_column=Column(JSONB, nullable=False))
    viewers: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    drawn_fen: int | None = Field(sa_column=Column(BigInteger))
    effective_on: date | None = Field(sa_column=Column(Date))
    matures_on: date | None = Field(sa_column=Column(Date))
    closed_on: date | None = Field(sa_column=Column(Date))
    released_on: date | None = Field(sa_column=Column(Date))
    release_reason: str | None = Field(sa_column=Column(Text))
