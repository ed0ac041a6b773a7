"""Tables of the replays, as the migrations make them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class ReplayTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class ReplayTable(ReplayTables, table=True):
    """What was asked for, how far it is, and what it adds up to."""

    __tablename__ = "replay"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    programme: str = Field(sa_column=Column(Text, nullable=False))
    year: int = Field(sa_column=Column(Integer, nullable=False))
    rule_pack_id: str = Field(sa_column=Column(Text, nullable=False))
    rule_pack_version: int = Field(sa_column=Column(Integer, nullable=False))
    rule_pack_digest: str = Field(sa_column=Column(Text, nullable=False))
    org: str = Field(sa_column=Column(Text, nullable=False))
    asked_by: str = Field(sa_column=Column(Text, nullable=False))
    asked_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    total: int = Field(sa_column=Column(Integer, nullable=False))
    done: int = Field(sa_column=Column(Integer, nullable=False))
    refused: int = Field(sa_column=Column(Integer, nullable=False))
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    counter_moves: Any = Field(sa_column=Column(JSONB, nullable=False))
    before_fen: Any = Field(sa_column=Column(JSONB, nullable=False))
    after_fen: Any = Field(sa_column=Column(JSONB, nullable=False))
    failure: str | None = Field(sa_column=Column(Text))
    finished_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


class ReplayRowTable(ReplayTables, table=True):
    """One past decision and what the other pack makes of it; never changed."""

    __tablename__ = "replay_row"

    replay_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    place: int = Field(sa_column=Column(Integer, primary_key=True))
    claim_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    before_fen: Any = Field(sa_column=Column(JSONB, nullable=False))
    after_fen: Any = Field(sa_column=Column(JSONB, nullable=False))
    refusal: str | None = Field(sa_column=Column(Text))
