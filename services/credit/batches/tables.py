"""Tables of the batches, as the migrations make them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class BatchesTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class BatchTable(BatchesTables, table=True):
    """One file and how far it is."""

    __tablename__ = "batch"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    bank: str = Field(sa_column=Column(Text, nullable=False))
    programme: str = Field(sa_column=Column(Text, nullable=False))
    guarantor: str = Field(sa_column=Column(Text, nullable=False))
    format: str = Field(sa_column=Column(Text, nullable=False))
    sha256: str = Field(sa_column=Column(Text, nullable=False))
    sent_by: str = Field(sa_column=Column(Text, nullable=False))
    sent_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    total: int = Field(sa_column=Column(Integer, nullable=False))
    done: int = Field(sa_column=Column(Integer, nullable=False))
    accepted: int = Field(sa_column=Column(Integer, nullable=False))
    finished_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


class BatchRowTable(BatchesTables, table=True):
    """One row as it was sent, and its answer; answered once."""

    __tablename__ = "batch_row"

    batch_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True))
    cells: Any = Field(sa_column=Column(JSONB, nullable=False))
    loan_id: UUID | None = Field(sa_column=Column(Uuid))
    reasons: Any = Field(sa_column=Column(JSONB, nullable=False))
