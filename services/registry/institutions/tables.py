"""Tables of the directory, as the migrations make them."""

from datetime import date

from sqlalchemy import BigInteger, Column, Date, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class InstitutionsTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class InstitutionTable(InstitutionsTables, table=True):
    """A dated entry of the directory."""

    __tablename__ = "institution"

    code: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    name_zh: str = Field(sa_column=Column(Text, nullable=False))
    name_en: str = Field(sa_column=Column(Text, nullable=False))
    uscc: str | None = Field(sa_column=Column(Text))
    region: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    valid_to: date | None = Field(sa_column=Column(Date))
