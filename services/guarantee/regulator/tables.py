"""The table of the regulator's slice, as the migrations make it."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Date, Identity, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class RegulatorTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class LoanAttributeTable(RegulatorTables, table=True):
    """What a bank stated of a loan on a day; a later statement stands beside it."""

    __tablename__ = "loan_attribute"

    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    loan_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    stated_on: date = Field(sa_column=Column(Date, nullable=False))
    size: str = Field(sa_column=Column(Text, nullable=False))
    credit_line_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    is_farmer: bool = Field(sa_column=Column(Boolean, nullable=False))
    guarantor_is_public: bool = Field(sa_column=Column(Boolean, nullable=False))
    stated_by: str = Field(sa_column=Column(Text, nullable=False))
