"""Requests and responses of the breakers."""

from typing import Annotated, Self

from pydantic import Field

from services.guarantee.breakers.rules import BreakerState
from services.guarantee.breakers.store import Stored
from shared.web.fields import Body, Day, Fen, OrgCode, Text, View
from shared.web.paging import Page


class RestoreBreaker(Body):
    """Why the bank may enrol again."""

    reason: Text


class BreakerView(View):
    """One bank in one programme; ``ratio_ppm`` is rounded down, the comparison is exact."""

    programme: Annotated[OrgCode, Field(examples=["sip-yuankedai"])]
    bank: OrgCode
    state: Annotated[BreakerState, Field(examples=["suspended"])]
    year: int = Field(examples=[2026])
    numerator_fen: Annotated[Fen, Field(examples=[800_000_000])]
    base_fen: Annotated[Fen, Field(examples=[8_000_000_000])]
    ratio_ppm: int | None = Field(examples=[100_000])
    threshold_ppm: int = Field(examples=[100_000])
    changed_on: Day
    reason: str | None = Field(examples=[None])
    version: int = Field(examples=[3])

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show a breaker."""
        breaker = stored.breaker
        return cls(
            programme=breaker.programme,
            bank=breaker.bank,
            state=breaker.state,
            year=breaker.year,
            numerator_fen=breaker.numerator_fen,
            base_fen=breaker.base_fen,
            ratio_ppm=breaker.ratio_ppm,
            threshold_ppm=breaker.threshold_ppm,
            changed_on=breaker.changed_on,
            reason=breaker.reason,
            version=stored.version,
        )


BreakerPage = Page[BreakerView]
