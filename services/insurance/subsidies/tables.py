"""Tables of the premium subsidies, as the migrations make them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class SubsidiesTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class SubsidyTable(SubsidiesTables, table=True):
    """An application with its decision."""

    __tablename__ = "subsidy"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    policy_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    uscc: str = Field(sa_column=Column(Text, nullable=False))
    rule_pack: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    filed_by: str = Field(sa_column=Column(Text, nullable=False))
    filed_on: date = Field(sa_column=Column(Date, nullable=False))
    decided_by: str | None = Field(sa_column=Column(Text))
    decision: dict[str, Any] | None = Field(sa_column=Column(JSONB))
    subsidy_fen: int | None = Field(sa_column=Column(BigInteger))
    paid_on: date | None = Field(sa_column=Column(Date))
