"""Lists (名单): versions of who a department counts among the city's sci-tech firms.

A version is imported whole from a file. Each row is checked by itself: code with both check digits,
region, chain, categories, period, tax grade, figures. Good rows are kept, bad rows are answered
with every reason. What the register knows already is not published again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import get_args

from services.registry.enterprises.rules import TAX_GRADES, Enterprise, Profile, check_place
from services.registry.institutions.rules import read_date
from shared import uscc
from shared.errors import Violation
from shared.events.registry import Category, TaxGrade
from shared.uscc import Uscc

COLUMNS = (
    "uscc",
    "name",
    "region",
    "chain",
    "categories",
    "certificate_no",
    "valid_from",
    "valid_to",
    "tax_grade",
    "staff",
    "sales_yuan",
)
MOST_ROWS = 20_000
LONGEST_NAME = 200
LARGEST_STAFF = 10_000_000
LARGEST_SALES_YUAN = 10**13
LONGEST_NUMBER = 20
FEN_PER_YUAN = 100
CATEGORIES: dict[str, Category] = {word: word for word in get_args(Category)}
_GRADES: dict[str, TaxGrade] = {word: word for word in TAX_GRADES}


@dataclass(frozen=True, slots=True)
class Entry:
    """One firm of a list, checked."""

    enterprise: Enterprise
    profile: Profile
    categories: tuple[Category, ...]
    certificate_no: str
    valid_from: date
    valid_to: date


def parse_row(cells: Mapping[str, str], *, by: str) -> Entry | tuple[Violation, ...]:
    """Read a row as its publisher states it, or return every reason why it is refused.

    A reason's ``field`` is the column.
    """
    reasons = [
        *_check_code(cells["uscc"]),
        *_check_texts(cells),
        *check_place(cells["region"], cells["chain"]),
        *_check_categories(cells["categories"]),
        *_check_figures(cells),
    ]
    valid_from, valid_to, wrong = _period(cells)
    reasons += wrong
    if reasons or valid_from is None or valid_to is None:
        return tuple(reasons)
    return Entry(
        enterprise=Enterprise(
            uscc=Uscc(cells["uscc"]),
            name=cells["name"],
            region=cells["region"],
            chain=cells["chain"],
        ),
        profile=Profile(
            staff=int(cells["staff"]),
            sales_fen=int(cells["sales_yuan"]) * FEN_PER_YUAN,
            tax_grade=_GRADES[cells["tax_grade"]],
            recorded_by=by,
        ),
        categories=tuple(CATEGORIES[word] for word in _words(cells["categories"])),
        certificate_no=cells["certificate_no"],
        valid_from=valid_from,
        valid_to=valid_to,
    )


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in text.split(";") if word.strip()))


def _check_code(text: str) -> list[Violation]:
    return [
        Violation(
            code=found.code,
            zh=found.zh,
            en=found.en,
            field="uscc",
            limit=found.limit,
            actual=found.actual,
        )
        for found in uscc.check(text)
    ]


def _check_texts(cells: Mapping[str, str]) -> list[Violation]:
    return [
        Violation(
            code="text",
            zh=f"须为 1 至 {LONGEST_NAME} 字",
            en=f"must have 1 to {LONGEST_NAME} characters",
            field=column,
            limit=LONGEST_NAME,
            actual=len(cells[column]),
        )
        for column in ("name", "certificate_no")
        if not 1 <= len(cells[column]) <= LONGEST_NAME
    ]


def _check_categories(text: str) -> list[Violation]:
    words = _words(text)
    if not words:
        return [Violation(code="category", zh="缺少企业类别", en="no category", field="categories")]
    return [
        Violation(
            code="unknown_category",
            zh="未知企业类别",
            en="unknown category",
            field="categories",
            limit=", ".join(CATEGORIES),
            actual=word[:40],
        )
        for word in words
        if word not in CATEGORIES
    ]


def _check_figures(cells: Mapping[str, str]) -> list[Violation]:
    found = [
        Violation(
            code="number",
            zh=f"应为 0 至 {largest} 的整数",
            en=f"must be a whole number from 0 to {largest}",
            field=column,
            limit=largest,
            actual=cells[column][:40],
        )
        for column, largest in (("staff", LARGEST_STAFF), ("sales_yuan", LARGEST_SALES_YUAN))
        if not _is_number(cells[column], largest)
    ]
    if cells["tax_grade"] not in TAX_GRADES:
        found.append(
            Violation(
                code="tax_grade",
                zh="未知纳税信用等级",
                en="unknown tax grade",
                field="tax_grade",
                limit=", ".join(TAX_GRADES),
                actual=cells["tax_grade"][:20],
            )
        )
    return found


def _is_number(text: str, largest: int) -> bool:
    # The length is bounded first: Python refuses to read thousands of digits.
    return (
        text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER and int(text) <= largest
    )


def _period(cells: Mapping[str, str]) -> tuple[date | None, date | None, list[Violation]]:
    read = {column: read_date(cells[column]) for column in ("valid_from", "valid_to")}
    found = [
        Violation(
            code="date",
            zh="日期应为 YYYY-MM-DD",
            en="must be YYYY-MM-DD",
            field=column,
            actual=cells[column][:20],
        )
        for column, day in read.items()
        if day is None
    ]
    valid_from, valid_to = read["valid_from"], read["valid_to"]
    if valid_from and valid_to and valid_to <= valid_from:
        found.append(
            Violation(
                code="period",
                zh="止期须晚于起期",
                en="must be after valid_from",
                field="valid_to",
                limit=cells["valid_from"],
                actual=cells["valid_to"],
            )
        )
    return valid_from, valid_to, found
