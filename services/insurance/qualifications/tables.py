"""Tables of the pilot qualifications, as the migrations make them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, DateTime, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class QualificationsTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class QualificationTable(QualificationsTables, table=True):
    """A recognised product and the quota of its subsidy."""

    __tablename__ = "qualification"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    uscc: str = Field(sa_column=Column(Text, nullable=False))
    pilot: str = Field(sa_column=Column(Text, nullable=False))
    equipment_kind: str = Field(sa_column=Column(Text, nullable=False))
    product: str = Field(sa_column=Column(Text, nullable=False))
    equipment_value_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    quota_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    confirmed_by: str = Field(sa_column=Column(Text, nullable=False))
    confirmed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    valid_to: date = Field(sa_column=Column(Date, nullable=False))
    subsidised_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
