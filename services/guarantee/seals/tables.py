"""Tables of the seals, as the migrations make them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Integer, LargeBinary, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class SealTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class BlockTable(SealTables, table=True):
    """A stretch of a fund's postings that was sealed at once; never changed."""

    __tablename__ = "fund_block"

    fund: str = Field(sa_column=Column(Text, primary_key=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True))
    first_position: int = Field(sa_column=Column(BigInteger, nullable=False))
    last_position: int = Field(sa_column=Column(BigInteger, nullable=False))
    postings: int = Field(sa_column=Column(Integer, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class SealTable(SealTables, table=True):
    """The hash of one posting and of all before it; never changed."""

    __tablename__ = "fund_seal"

    fund: str = Field(sa_column=Column(Text, primary_key=True))
    position: int = Field(sa_column=Column(BigInteger, primary_key=True))
    posting_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    block: int = Field(sa_column=Column(Integer, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
