"""Tables of the programmes and their counters, as the migrations make them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class ProgrammesTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class ProgrammeTable(ProgrammesTables, table=True):
    """A programme with its pinned pack and its quota."""

    __tablename__ = "programme"

    code: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    title: str = Field(sa_column=Column(Text, nullable=False))
    rule_pack_id: str = Field(sa_column=Column(Text, nullable=False))
    rule_pack_version: int = Field(sa_column=Column(Integer, nullable=False))
    rule_pack_digest: str = Field(sa_column=Column(Text, nullable=False))
    fund: str = Field(sa_column=Column(Text, nullable=False))
    parties: Any = Field(sa_column=Column(JSONB, nullable=False))
    quota_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    enrolled_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    period_months: int = Field(sa_column=Column(Integer, nullable=False))
    guarantee_type: str = Field(sa_column=Column(Text, nullable=False))
    enrolment_days: int = Field(sa_column=Column(Integer, nullable=False))
    due_days: int = Field(sa_column=Column(Integer, nullable=False))
    effective_from: date = Field(sa_column=Column(Date, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    created_by: str = Field(sa_column=Column(Text, nullable=False))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    activated_by: str | None = Field(sa_column=Column(Text))
    approval_limit_fen: int | None = Field(sa_column=Column(BigInteger))
    activated_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


class ProgrammeCounterTable(ProgrammesTables, table=True):
    """What a programme or one bank in it used up in a year."""

    __tablename__ = "programme_counter"

    programme: str = Field(sa_column=Column(Text, primary_key=True))
    bank: str = Field(sa_column=Column(Text, primary_key=True))
    year: int = Field(sa_column=Column(Integer, primary_key=True))
    prior_year_end_balance_fen: int | None = Field(sa_column=Column(BigInteger))
    pool_paid_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    claims_paid_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    npl_principal_loss_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
