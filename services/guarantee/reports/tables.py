"""The table of the snapshots, as the migrations make it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Date, DateTime, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class ReportsTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class SnapshotTable(ReportsTables, table=True):
    """A report as it was answered once; never changed."""

    __tablename__ = "snapshot"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    report: str = Field(sa_column=Column(Text, nullable=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    since: date | None = Field(sa_column=Column(Date))
    on: date = Field(sa_column=Column(Date, nullable=False))
    reader: str | None = Field(sa_column=Column(Text))
    taken_by: str = Field(sa_column=Column(Text, nullable=False))
    taken_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    content: str = Field(sa_column=Column(Text, nullable=False))
    sha256: str = Field(sa_column=Column(Text, nullable=False))
