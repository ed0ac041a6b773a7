"""Tables of the ends of days, as the migrations make them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class DayEndsTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class DayEndTable(DayEndsTables, table=True):
    """One run of one day and how far it is."""

    __tablename__ = "day_end"

    day: date = Field(sa_column=Column(Date, primary_key=True))
    run: str = Field(sa_column=Column(Text, primary_key=True))
    passes: int = Field(sa_column=Column(Integer, nullable=False))
    cursor: UUID | None = Field(sa_column=Column(Uuid))
    changed: int = Field(sa_column=Column(BigInteger, nullable=False))
    asked_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    finished_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


class DayEndCaseTable(DayEndsTables, table=True):
    """What was done for one case on one day; done once."""

    __tablename__ = "day_end_case"

    day: date = Field(sa_column=Column(Date, primary_key=True))
    run: str = Field(sa_column=Column(Text, primary_key=True))
    case_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
