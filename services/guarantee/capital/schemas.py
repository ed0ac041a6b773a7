"""Requests of a fund's capital."""

from pydantic import Field

from shared.web.fields import Body, Day, PositiveFen, Text


class MoveCapital(Body):
    """Capital that a contributor pays in or takes out; ``valued_on`` where it was another day."""

    amount_fen: PositiveFen
    contributor: Text
    valued_on: Day | None = Field(default=None, examples=["2026-02-27"])


class Reverse(Body):
    """Why a movement of capital was booked wrongly."""

    reason: Text
