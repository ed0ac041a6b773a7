"""Figures of reports: a value, its unit, and the records that it was added up from.

A figure is never stated alone: its sources name each guarantee, claim, leg, recovery or posting
and what it adds, so that the sum of a figure's sources is the figure. A rate is of two figures and
names both.

Example: 代偿率 of 600,000 yuan compensated over 30,000,000 yuan released is 20,000 ppm.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from shared.errors import Malformed, Violation
from shared.money import PPM, Rounding, round_fraction

MOST_SOURCES = 200_000
"""More records than one report names: ask for a shorter period, or for fewer programmes."""


class ReportTooLarge(Malformed):
    """The report would name more records than one answer holds."""

    code = "report-too-large"
    title_zh = "报表范围过大"
    title_en = "Report too large"


class PeriodInvalid(Malformed):
    """The period ends before it begins."""

    code = "period-invalid"
    title_zh = "期间无效"
    title_en = "Invalid period"


class Unit(StrEnum):
    """What a figure counts."""

    FEN = "fen"
    COUNT = "count"
    PPM = "ppm"


@dataclass(frozen=True, slots=True)
class Source:
    """One record behind a figure and what it adds."""

    kind: str
    id: str
    value: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a report; ``value`` is None where it cannot be said, and ``note`` says why."""

    item: str
    zh: str
    en: str
    unit: Unit
    value: int | None
    sources: tuple[Source, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a subject over a period, or at the end of its last day."""

    kind: str
    subject: str
    since: date | None
    on: date
    figures: tuple[Figure, ...]


def total(item: str, zh: str, en: str, sources: Iterable[Source]) -> Figure:
    """Add up amounts of fen."""
    held = tuple(source for source in sources if source.value)
    return Figure(item, zh, en, Unit.FEN, sum(source.value for source in held), held)


def count(item: str, zh: str, en: str, kind: str, ids: Iterable[object]) -> Figure:
    """Count different records."""
    held = tuple(Source(kind, text, 1) for text in dict.fromkeys(map(str, ids)))
    return Figure(item, zh, en, Unit.COUNT, len(held), held)


def rate(item: str, zh: str, en: str, over: Figure, under: Figure) -> Figure:
    """Divide one figure by another, in ppm rounded half up; None over nothing."""
    sources = tuple(Source("figure", each.item, each.value or 0) for each in (over, under))
    if not under.value:
        note = f"figure {under.item} is nothing: the rate has no base"
        return Figure(item, zh, en, Unit.PPM, None, sources, note)
    exact = Fraction((over.value or 0) * PPM, under.value)
    return Figure(item, zh, en, Unit.PPM, round_fraction(exact, Rounding.HALF_UP), sources)


def require_period(since: date, on: date) -> None:
    """Raise :class:`PeriodInvalid` for a period that ends before it begins."""
    if on < since:
        violation = Violation(
            "period",
            "截止日早于起始日",
            "ends before it begins",
            "/on",
            since.isoformat(),
            on.isoformat(),
        )
        raise PeriodInvalid(violation.en, violations=(violation,))


def require_bounded(records: Sequence[object]) -> None:
    """Raise :class:`ReportTooLarge` for more than :data:`MOST_SOURCES` records."""
    if len(records) > MOST_SOURCES:
        raise ReportTooLarge(f"the report names more than {MOST_SOURCES} records")
