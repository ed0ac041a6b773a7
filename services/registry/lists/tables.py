"""Tables of the lists, as the migrations make them."""

from datetime import datetime

from sqlalchemy import Column, DateTime, Integer, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class ListsTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class ListVersionTable(ListsTables, table=True):
    """One imported version of a list."""

    __tablename__ = "list_version"

    list_code: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(sa_column=Column(Integer, primary_key=True))
    published_by: str = Field(sa_column=Column(Text, nullable=False))
    published_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    accepted: int = Field(sa_column=Column(Integer, nullable=False))
    rejected: int = Field(sa_column=Column(Integer, nullable=False))


class ListMemberTable(ListsTables, table=True):
    """A firm that a version of a list names."""

    __tablename__ = "list_member"

    list_code: str = Field(sa_column=Column(Text, primary_key=True))
    list_version: int = Field(sa_column=Column(Integer, primary_key=True))
    uscc: str = Field(sa_column=Column(Text, primary_key=True))
