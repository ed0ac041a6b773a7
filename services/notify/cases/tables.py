"""Table of the cases' events, as the migrations make it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class CasesTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class CaseEventTable(CasesTables, table=True):
    """One event that names a part of a case."""

    __tablename__ = "case_event"

    event_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    type: str = Field(sa_column=Column(Text, nullable=False))
    topic: str = Field(sa_column=Column(Text, nullable=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    version: int | None = Field(sa_column=Column(BigInteger))
    ids: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    correlation: UUID = Field(sa_column=Column(Uuid, nullable=False))
    causation: UUID | None = Field(sa_column=Column(Uuid))
    traceparent: str | None = Field(sa_column=Column(Text))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    arrived_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
