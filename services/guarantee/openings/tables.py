"""Tables of the openings, as the migrations make them."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Integer, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class OpeningsTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class ProgrammeOpeningTable(OpeningsTables, table=True):
    """A base that a person stated, and whether another one confirmed it."""

    __tablename__ = "programme_opening"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    programme: str = Field(sa_column=Column(Text, nullable=False))
    bank: str = Field(sa_column=Column(Text, nullable=False))
    year: int = Field(sa_column=Column(Integer, nullable=False))
    balance_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    filed_by: str = Field(sa_column=Column(Text, nullable=False))
    filed_on: date = Field(sa_column=Column(Date, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    confirmed_by: str | None = Field(sa_column=Column(Text))
    confirmed_on: date | None = Field(sa_column=Column(Date))
    replaced_fen: int | None = Field(sa_column=Column(BigInteger))
