"""Tables of what insurance knows of others, as the migrations make them."""

from datetime import date

from sqlalchemy import Column, Date, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class KnownTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class KnownInstitutionTable(KnownTables, table=True):
    """An institution of the directory; ``valid_to`` is exclusive, None without an end."""

    __tablename__ = "known_institution"

    code: str = Field(sa_column=Column(Text, primary_key=True))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    valid_to: date | None = Field(sa_column=Column(Date))


class KnownEnterpriseTable(KnownTables, table=True):
    """An enterprise that registry told of."""

    __tablename__ = "known_enterprise"

    uscc: str = Field(sa_column=Column(Text, primary_key=True))
