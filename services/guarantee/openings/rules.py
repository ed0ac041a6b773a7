"""Openings (期初余额): the balance at the end of the year before, the base of caps and breakers.

Sources: the pack's caps and breakers, for example 园科贷: 10 % of the balance at the end of the
year before, of the whole product for the pool's cap, of the bank's own loans for its breaker.
Whoever states the base moves every limit that hangs on it, so a person of the programme's fund
files it and another one confirms it (四眼原则).

    filed → confirmed
          → superseded (another figure was filed for the same base before this one was confirmed)

A confirmed figure is never edited: a correction is a new opening, confirmed in the same way, which
keeps the figure that it replaces. What was decided by the old figure stays as it was decided; what
the breaker says is looked at again at once.

Example: 8,000,000,000 fen confirmed for 2026, then 7,900,000,000: the second replaces the first,
and the pool's cap of 10 % is 790,000,000 fen from then on.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.guarantee.programmes.rules import Counters
from shared.errors import Conflict, FourEyes, NotFound, RuleViolation, Violation, ensure
from shared.events.guarantee import YearOpened

OpeningId = NewType("OpeningId", UUID)


class OpeningNotFound(NotFound):
    """No such opening in the programme, or of a bank that this organisation may not see."""

    code = "opening-not-found"
    title_zh = "未找到期初余额申报"
    title_en = "Opening not found"


class OpeningNotFiled(Conflict):
    """The opening was confirmed before, or another one was filed in its place."""

    code = "opening-not-filed"
    title_zh = "期初余额申报不在待复核状态"
    title_en = "Opening not waiting for confirmation"


class YearNotBegun(RuleViolation):
    """The balance at the end of a year is not known before the next one begins."""

    code = "year-not-begun"
    title_zh = "年度尚未开始"
    title_en = "Year not begun"


class OpeningState(StrEnum):
    """A filed opening moves nothing; a confirmed one is the base."""

    FILED = "filed"
    CONFIRMED = "confirmed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A base as one person stated it; ``bank`` is ``WHOLE_PROGRAMME`` for the whole programme.

    ``replaced_fen`` is the figure that stood before the confirmation, None if there was none.
    """

    id: OpeningId
    programme: str
    bank: str
    year: int
    balance_fen: int
    filed_by: str
    filed_on: date
    state: OpeningState = OpeningState.FILED
    confirmed_by: str | None = None
    confirmed_on: date | None = None
    replaced_fen: int | None = None


def file(opening: Opening) -> Opening:
    """File a base for a year that has begun; raises :class:`YearNotBegun`."""
    if opening.year > opening.filed_on.year:
        zh, en = "年度尚未开始，上年末余额未知", "the year has not begun: its base is not known yet"
        found = Violation("year", zh, en, "/year", opening.filed_on.year, opening.year)
        raise YearNotBegun(en, violations=(found,))
    return opening


def confirm(
    opening: Opening, counters: Counters, *, by: str, today: date
) -> tuple[Opening, Counters, YearOpened]:
    """Let another person make a filed figure the base of its year.

    Raises :class:`OpeningNotFiled`, :class:`FourEyes`.
    """
    ensure(
        (counters.programme, counters.bank, counters.year)
        == (opening.programme, opening.bank, opening.year),
        "an opening is the base of its own counters",
    )
    if opening.state is not OpeningState.FILED:
        raise OpeningNotFiled(f"opening {opening.id} is {opening.state}")
    if by == opening.filed_by:
        raise FourEyes(f"opening {opening.id} was filed by the same person")
    confirmed = replace(
        opening,
        state=OpeningState.CONFIRMED,
        confirmed_by=by,
        confirmed_on=today,
        replaced_fen=counters.prior_year_end_balance_fen,
    )
    event = YearOpened(
        programme=opening.programme,
        bank=opening.bank or None,
        year=opening.year,
        prior_year_end_balance_fen=opening.balance_fen,
        replaced_fen=confirmed.replaced_fen,
        on=today,
    )
    return confirmed, replace(counters, prior_year_end_balance_fen=opening.balance_fen), event
