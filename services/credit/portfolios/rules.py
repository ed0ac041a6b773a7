"""Portfolios: many loans of one bank in one file (总对总, 园区保 bulk intake).

Each row is checked by itself; good rows become contracted loans that ask for enrolment at once, bad
rows are answered with every reason. Amounts are text in yuan with at most two decimals and rates
text in per cent with at most four, read digit by digit: 5000000.01 is 500,000,001 fen, 3.45 is
34,500 ppm.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from shared import uscc
from shared.errors import Violation
from shared.uscc import Uscc

COLUMNS = ("reference", "uscc", "amount_yuan", "rate_percent", "tenor_months", "signed_on")
MOST_ROWS = 3_000
"""A file is taken in one transaction of at most ten seconds: 3,000 rows took 4 s on two cores with
four times the work that they can do, 10,000 did not fit. A larger portfolio is several files."""
LONGEST_REFERENCE = 100
LONGEST_TENOR = 600
_YUAN = re.compile(r"(?P<whole>[0-9]{1,13})(?:\.(?P<rest>[0-9]{1,2}))?")
_PERCENT = re.compile(r"(?P<whole>[0-9]{1,2})(?:\.(?P<rest>[0-9]{1,4}))?")
_MONTHS = re.compile(r"[0-9]{1,3}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One loan of a portfolio, checked."""

    reference: str
    uscc: Uscc
    amount_fen: int
    rate_ppm: int
    tenor_months: int
    signed_on: date


def read_yuan(text: str) -> int | None:
    """Read an amount in yuan as fen; None if it is not one."""
    return _scaled(_YUAN.fullmatch(text), places=2)


def read_percent(text: str) -> int | None:
    """Read a rate in per cent as ppm; None if it is not one."""
    return _scaled(_PERCENT.fullmatch(text), places=4)


def _scaled(found: "re.Match[str] | None", *, places: int) -> int | None:
    if found is None:
        return None
    return int(found["whole"] + (found["rest"] or "").ljust(places, "0"))


def parse_row(cells: Mapping[str, str], *, today: date) -> Entry | tuple[Violation, ...]:
    """Read a row, or return every reason why it is refused; ``field`` is the column."""
    amount, rate = read_yuan(cells["amount_yuan"]), read_percent(cells["rate_percent"])
    months = int(cells["tenor_months"]) if _MONTHS.fullmatch(cells["tenor_months"]) else 0
    signed_on = _read_date(cells["signed_on"])
    reasons = [
        Violation(found.code, found.zh, found.en, "uscc", found.limit, found.actual)
        for found in uscc.check(cells["uscc"])
    ]
    checks = (
        (
            1 <= len(cells["reference"]) <= LONGEST_REFERENCE,
            ("reference", f"编号须为 1 至 {LONGEST_REFERENCE} 字", "must have 1 to 100 characters"),
        ),
        (
            bool(amount),
            (
                "amount_yuan",
                "金额应为正数,单位元,最多两位小数",
                "yuan above 0, two decimals at most",
            ),
        ),
        (
            rate is not None,
            ("rate_percent", "利率应为百分数,最多四位小数", "per cent, four decimals at most"),
        ),
        (
            1 <= months <= LONGEST_TENOR,
            ("tenor_months", f"期限应为 1 至 {LONGEST_TENOR} 的整数月", "months from 1 to 600"),
        ),
        (
            signed_on is not None and signed_on <= today,
            ("signed_on", "签约日应为 YYYY-MM-DD 且不晚于今日", "YYYY-MM-DD, not after today"),
        ),
    )
    reasons += [
        Violation("cell", zh, en, column, None, cells[column][:40])
        for held, (column, zh, en) in checks
        if not held
    ]
    if reasons or amount is None or rate is None or signed_on is None:
        return tuple(reasons)
    return Entry(cells["reference"], Uscc(cells["uscc"]), amount, rate, months, signed_on)


def repeated(reference: str) -> Violation:
    """Say that a reference is used, in the file before or in the books."""
    return Violation(
        "repeated", "编号重复", "the reference is used already", "reference", None, reference
    )


def _read_date(text: str) -> date | None:
    try:
        # ISO weeks, such as 2026-W10-1, have ten characters too and are no date here.
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
