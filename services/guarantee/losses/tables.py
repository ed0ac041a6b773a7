"""Tables of the loss splits and their legs, as the migrations make them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Identity, Integer, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class LossesTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class LossSplitTable(LossesTables, table=True):
    """The split of one approved claim; never changed."""

    __tablename__ = "loss_split"

    claim_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    rule_pack_id: str = Field(sa_column=Column(Text, nullable=False))
    rule_pack_version: int = Field(sa_column=Column(Integer, nullable=False))
    rule_pack_digest: str = Field(sa_column=Column(Text, nullable=False))
    tier: str = Field(sa_column=Column(Text, nullable=False))
    pack_on: date = Field(sa_column=Column(Date, nullable=False))
    loss_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    recovered_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    eligible_loss_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    facts: Any = Field(sa_column=Column(JSONB, nullable=False))
    counters: Any = Field(sa_column=Column(JSONB, nullable=False))
    counter_moves: Any = Field(sa_column=Column(JSONB, nullable=False))
    year: int = Field(sa_column=Column(Integer, nullable=False))
    trace: Any = Field(sa_column=Column(JSONB, nullable=False))
    digest: str = Field(sa_column=Column(Text, nullable=False))
    decided_on: date = Field(sa_column=Column(Date, nullable=False))
    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))


class LossLegTable(LossesTables, table=True):
    """What one party bears of a loss."""

    __tablename__ = "loss_leg"

    claim_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    place: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    party: str = Field(sa_column=Column(Text, nullable=False))
    org: str = Field(sa_column=Column(Text, nullable=False))
    share_ppm: int = Field(sa_column=Column(Integer, nullable=False))
    base_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    capped_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    overflow_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    due_on: date = Field(sa_column=Column(Date, nullable=False))
    paid_on: date | None = Field(sa_column=Column(Date))
    reference: str | None = Field(sa_column=Column(Text))
    recovered_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
