"""Tables of the qualifications, as the migrations make them."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class QualificationsTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class QualificationTable(QualificationsTables, table=True):
    """A certificate that a department granted."""

    __tablename__ = "qualification"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    uscc: str = Field(sa_column=Column(Text, nullable=False))
    category: str = Field(sa_column=Column(Text, nullable=False))
    certificate_no: str = Field(sa_column=Column(Text, nullable=False))
    granted_by: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    valid_to: date = Field(sa_column=Column(Date, nullable=False))
    revoked_on: date | None = Field(sa_column=Column(Date))
    revoked_because: str | None = Field(sa_column=Column(Text))
