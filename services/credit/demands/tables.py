"""Tables of the demands and their offers, as the migrations make them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Integer, Text, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class DemandsTables(SQLModel, registry=registry()):
    """The tables of this slice alone: every service has names of its own."""


class DemandTable(DemandsTables, table=True):
    """What an enterprise asks."""

    __tablename__ = "demand"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    uscc: str = Field(sa_column=Column(Text, nullable=False))
    amount_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    tenor_months: int = Field(sa_column=Column(Integer, nullable=False))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    accepted_offer: UUID | None = Field(sa_column=Column(Uuid))
    submitted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class OfferTable(DemandsTables, table=True):
    """One bank's terms for a demand."""

    __tablename__ = "offer"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    demand_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    bank: str = Field(sa_column=Column(Text, nullable=False))
    amount_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    rate_ppm: int = Field(sa_column=Column(Integer, nullable=False))
    tenor_months: int = Field(sa_column=Column(Integer, nullable=False))
