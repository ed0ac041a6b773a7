"""Requests and responses of the openings."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.guarantee.openings.handlers import Statement
from services.guarantee.openings.rules import OpeningState
from services.guarantee.openings.store import Stored
from services.guarantee.programmes.rules import WHOLE_PROGRAMME
from services.guarantee.programmes.schemas import Year
from shared.web.fields import Body, Day, Fen, Id, OrgCode, View
from shared.web.paging import Page


class FileOpening(Body):
    """The balance at the end of the year before: of the whole programme, or of one bank in it."""

    year: Year
    bank: OrgCode | None = None
    prior_year_end_balance_fen: Fen

    def statement(self) -> Statement:
        """Read the body as the use case takes it."""
        return Statement(
            year=self.year,
            bank=self.bank or WHOLE_PROGRAMME,
            balance_fen=self.prior_year_end_balance_fen,
        )


class OpeningView(View):
    """A stated base; ``replaced_fen`` is the figure that it took the place of when confirmed."""

    opening_id: Id
    programme: Annotated[OrgCode, Field(examples=["sip-yuankedai"])]
    year: Year
    bank: OrgCode | None = Field(description="null for the whole programme")
    prior_year_end_balance_fen: Fen
    state: Annotated[OpeningState, Field(examples=["confirmed"])]
    filed_by: str = Field(examples=["fund-lyg"])
    filed_on: Day
    confirmed_by: str | None = Field(examples=["fund-lyg-checker"])
    confirmed_on: Day | None
    replaced_fen: Fen | None
    version: int = Field(examples=[2])

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show an opening."""
        opening = stored.opening
        return cls(
            opening_id=UUID(str(opening.id)),
            programme=opening.programme,
            year=opening.year,
            bank=None if opening.bank == WHOLE_PROGRAMME else opening.bank,
            prior_year_end_balance_fen=opening.balance_fen,
            state=opening.state,
            filed_by=opening.filed_by,
            filed_on=opening.filed_on,
            confirmed_by=opening.confirmed_by,
            confirmed_on=opening.confirmed_on,
            replaced_fen=opening.replaced_fen,
            version=stored.version,
        )


OpeningPage = Page[OpeningView]
