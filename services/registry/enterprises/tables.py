"""Tables of the enterprises, as the migrations make them."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, Integer, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class EnterprisesTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class EnterpriseTable(EnterprisesTables, table=True):
    """An enterprise with its figures; its version counts all its events."""

    __tablename__ = "enterprise"

    uscc: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    region: str = Field(sa_column=Column(Text, nullable=False))
    chain: str = Field(sa_column=Column(Text, nullable=False))
    registered_by: str = Field(sa_column=Column(Text, nullable=False))
    staff: int | None = Field(sa_column=Column(Integer))
    sales_fen: int | None = Field(sa_column=Column(BigInteger))
    tax_grade: str | None = Field(sa_column=Column(Text))
    recorded_by: str | None = Field(sa_column=Column(Text))
    registered_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
