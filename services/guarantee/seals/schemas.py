"""Responses of the ledger's seals."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from services.guarantee.seals.handlers import Verified
from services.guarantee.seals.rules import Block, Break, Fault
from shared.web.fields import Id, View
from shared.web.paging import Page

_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class BlockView(View):
    """A sealed stretch of a fund's postings; ``sha256`` covers it and all before it."""

    block: int = Field(examples=[1])
    first_position: int = Field(examples=[1])
    last_position: int = Field(examples=[1000])
    postings: int = Field(examples=[1000])
    sha256: str = Field(examples=[_SHA256])
    sealed_at: Annotated[datetime, Field(examples=["2026-03-02T01:00:00Z"])]

    @classmethod
    def of(cls, block: Block) -> Self:
        """Show a block."""
        return cls(
            block=block.number,
            first_position=block.first_position,
            last_position=block.last_position,
            postings=block.postings,
            sha256=block.hash.hex(),
            sealed_at=block.sealed_at,
        )


class BreakView(View):
    """The first posting that is not what was sealed, and what is wrong with it."""

    position: int = Field(examples=[17])
    posting_id: Id
    fault: Annotated[Fault, Field(examples=["altered"])]
    zh: str = Field(examples=["凭证或其分录与封存时不同"])
    en: str = Field(examples=["the posting or an entry is not what was sealed"])

    @classmethod
    def of(cls, found: Break) -> Self:
        """Show a break."""
        return cls(
            position=found.position,
            posting_id=found.posting_id,
            fault=found.fault,
            zh=found.zh,
            en=found.en,
        )


class VerifiedView(View):
    """A block held against the ledger: whole, or where it is broken first."""

    block: BlockView
    whole: bool = Field(examples=[True])
    broken: BreakView | None = Field(examples=[None])

    @classmethod
    def of(cls, verified: Verified) -> Self:
        """Show a verified block."""
        return cls(
            block=BlockView.of(verified.block),
            whole=verified.broken is None,
            broken=None if verified.broken is None else BreakView.of(verified.broken),
        )


BlockPage = Page[BlockView]
