"""Tables of the policies and their co-insurers, as the migrations make them."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Integer, SmallInteger, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class PoliciesTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class PolicyTable(PoliciesTables, table=True):
    """A policy; its premium is the sum of its parts."""

    __tablename__ = "policy"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    qualification_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    uscc: str = Field(sa_column=Column(Text, nullable=False))
    lead_insurer: str = Field(sa_column=Column(Text, nullable=False))
    liability_limit_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    rate_ppm: int = Field(sa_column=Column(Integer, nullable=False))
    premium_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    bound_on: date = Field(sa_column=Column(Date, nullable=False))
    paid_on: date | None = Field(sa_column=Column(Date))


class CoInsuranceTable(PoliciesTables, table=True):
    """One insurer's part of a policy."""

    __tablename__ = "co_insurance"

    policy_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    place: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    insurer: str = Field(sa_column=Column(Text, nullable=False))
    share_ppm: int = Field(sa_column=Column(Integer, nullable=False))
    premium_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
