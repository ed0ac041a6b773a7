"""Tables of the rulebook, as the migrations make them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Integer, LargeBinary, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class RulebookTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class RulebookTable(RulebookTables, table=True):
    """The one row that is locked while the rulebook changes; ``revision`` names its content."""

    __tablename__ = "rulebook"

    one: bool = Field(sa_column=Column(Boolean, primary_key=True))
    revision: UUID = Field(sa_column=Column(Uuid, nullable=False))


class RulePackVersionTable(RulebookTables, table=True):
    """A version that was drafted here; an active one is never changed."""

    __tablename__ = "rule_pack_version"

    pack_id: str = Field(sa_column=Column(Text, primary_key=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    content: str = Field(sa_column=Column(Text, nullable=False))
    digest: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    valid_to: date | None = Field(sa_column=Column(Date))
    org: str = Field(sa_column=Column(Text, nullable=False))
    drafted_by: str = Field(sa_column=Column(Text, nullable=False))
    drafted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    activated_by: str | None = Field(sa_column=Column(Text))
    activated_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    signature: bytes | None = Field(sa_column=Column(LargeBinary))
    public_key: bytes | None = Field(sa_column=Column(LargeBinary))


class RulePackEndTable(RulebookTables, table=True):
    """From when a version, shipped or drafted here, no longer decides; never changed."""

    __tablename__ = "rule_pack_end"

    pack_id: str = Field(sa_column=Column(Text, primary_key=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True))
    ends_on: date = Field(sa_column=Column(Date, nullable=False))
    ending: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    ended_by: str = Field(sa_column=Column(Text, nullable=False))
    ended_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
