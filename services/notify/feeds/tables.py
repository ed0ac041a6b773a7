"""Tables of the feeds' logs, as the migrations make them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class FeedsTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class FeedTable(FeedsTables, table=True):
    """How far a feed reaches."""

    __tablename__ = "feed"

    feed: str = Field(sa_column=Column(Text, primary_key=True))
    newest: int = Field(sa_column=Column(BigInteger, nullable=False))
    horizon: int = Field(sa_column=Column(BigInteger, nullable=False))


class FeedEntryTable(FeedsTables, table=True):
    """One entry of a feed's log, whole: what is shown of it is decided at each read."""

    __tablename__ = "feed_entry"

    feed: str = Field(sa_column=Column(Text, primary_key=True))
    position: int = Field(sa_column=Column(BigInteger, primary_key=True))
    event_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    type: str = Field(sa_column=Column(Text, nullable=False))
    uscc: str | None = Field(sa_column=Column(Text))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    state_key: str = Field(sa_column=Column(Text, nullable=False))
    correlation: UUID = Field(sa_column=Column(Uuid, nullable=False))
    traceparent: str | None = Field(sa_column=Column(Text))
    data: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    appended_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
