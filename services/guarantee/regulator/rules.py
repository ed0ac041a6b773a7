"""The regulator's table G53-05: loans that financing guarantors guarantee, on one day.

Source: the items of NFRA 1104 table G53-05 as a bank's public reporting code has them (domain.md
§2): 1 balance; 1.1 small and micro firms; 1.1.1 of which credit lines of at most 10,000,000 yuan;
1.2 by public guarantors; 1.3 farmers; 1.4 non-performing; 2 borrowers; 3 compensation received this
year; 4 compensation not yet received; 4.1 overdue more than 90 days; 4.2 more than 360.

Readings of ours: item 3 adds up what was paid, not balances; item 4 counts what is unpaid whatever
the days overdue. Items that need what nobody stated of a loan have no value and name these loans.

Example: 1,000,000 normal, 2,000,000 overdue 30 days, 3,000,000 substandard overdue 100 days and
4,000,000 loss overdue 400 days: items 1, 1.4, 4, 4.1 and 4.2 are 10, 7, 9, 7 and 4 million yuan.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from services.guarantee.figures.rules import Figure, Report, Source, Unit, count, total
from services.guarantee.known.rules import NON_PERFORMING
from shared.errors import Violation

INCLUSIVE_LINE_FEN = 1_000_000_000
"""A credit line of at most 10,000,000 yuan makes a small or micro firm's loan inclusive (普惠)."""
_LATE_DAYS, _LATEST_DAYS = 90, 360

COLUMNS = ("loan_id", "size", "credit_line_fen", "is_farmer", "guarantor_is_public")
MOST_ROWS = 10_000
_FEN = re.compile(r"[0-9]{1,15}")
_YES_OR_NO = {"yes": True, "no": False}
T = TypeVar("T")


class FirmSize(StrEnum):
    """The size of a firm by 工信部联企业〔2011〕300号."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"
    MICRO = "micro"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What a bank states of a loan for the regulator, beside what the events told."""

    size: FirmSize
    credit_line_fen: int
    is_farmer: bool
    guarantor_is_public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteedLoan:
    """A guaranteed loan at the end of a day; ``unpaid_fen`` is compensation not yet received."""

    loan_id: UUID
    uscc: str
    balance_fen: int
    unpaid_fen: int
    classification: str | None
    overdue_since: date | None
    attributes: Attributes | None

    def days_overdue(self, on: date) -> int:
        """Calendar days since the first payment that was missed."""
        return 0 if self.overdue_since is None else (on - self.overdue_since).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensation:
    """A leg that was paid to the bank."""

    claim_id: UUID
    party: str
    amount_fen: int
    paid_on: date


def g53_05(
    loans: Sequence[GuaranteedLoan], paid: Sequence[Compensation], *, subject: str, on: date
) -> Report:
    """Fill in the table for a day."""
    owed = [loan for loan in loans if loan.balance_fen]
    this_year = [each for each in paid if each.paid_on.year == on.year and each.paid_on <= on]
    late = [loan for loan in loans if loan.days_overdue(on) > _LATE_DAYS]
    latest = [loan for loan in late if loan.days_overdue(on) > _LATEST_DAYS]
    bad = [loan for loan in owed if loan.classification in NON_PERFORMING]
    figures = (
        total("1", "融资担保贷款余额", "guaranteed balance", _balances(owed)),
        _stated("1.1", "小微企业", "of which small and micro firms", owed, _is_small),
        _stated(
            "1.1.1",
            "普惠型小微(授信≤1000万元)",
            "of which lines of at most 10,000,000 yuan",
            owed,
            _is_inclusive,
        ),
        _stated(
            "1.2",
            "政府性融资担保",
            "of which public guarantors",
            owed,
            lambda a: a.guarantor_is_public,
        ),
        _stated("1.3", "农户", "of which farmers", owed, lambda a: a.is_farmer),
        total("1.4", "不良贷款", "of which non-performing", _balances(bad)),
        count("2", "借款人户数", "borrowers", "enterprise", [loan.uscc for loan in owed]),
        total(
            "3",
            "本年累计获得代偿",
            "compensation received this year",
            [Source("leg", f"{e.claim_id}/{e.party}", e.amount_fen) for e in this_year],
        ),
        total("4", "应代偿未代偿", "compensation not yet received", _unpaid(loans)),
        total("4.1", "逾期90天以上", "of which overdue more than 90 days", _unpaid(late)),
        total("4.2", "逾期360天以上", "of which overdue more than 360 days", _unpaid(latest)),
    )
    return Report("g53-05", subject, None, on, figures)


def _is_small(stated: Attributes) -> bool:
    return stated.size in {FirmSize.SMALL, FirmSize.MICRO}


def _is_inclusive(stated: Attributes) -> bool:
    return _is_small(stated) and stated.credit_line_fen <= INCLUSIVE_LINE_FEN


def _stated(
    item: str,
    zh: str,
    en: str,
    loans: Sequence[GuaranteedLoan],
    holds: Callable[[Attributes], bool],
) -> Figure:
    lacking = [loan for loan in loans if loan.attributes is None]
    if lacking:
        missing = tuple(Source("lacks-attributes", str(loan.loan_id), 0) for loan in lacking)
        note = (
            f"nobody stated the attributes of {len(lacking)} loans / 有{len(lacking)}笔未填报属性"
        )
        return Figure(item, zh, en, Unit.FEN, None, missing, note)
    held = [loan for loan in loans if loan.attributes is not None and holds(loan.attributes)]
    return total(item, zh, en, _balances(held))


def _balances(loans: Iterable[GuaranteedLoan]) -> list[Source]:
    return [Source("loan", str(loan.loan_id), loan.balance_fen) for loan in loans]


def _unpaid(loans: Iterable[GuaranteedLoan]) -> list[Source]:
    return [
        Source("loan", str(loan.loan_id), loan.unpaid_fen)
        for loan in loans
        if loan.overdue_since is not None
    ]


def parse_row(cells: dict[str, str]) -> tuple[UUID, Attributes] | tuple[Violation, ...]:
    """Read a row, or return every reason why it is refused; ``field`` is the column."""
    loan_id = _try(UUID, cells["loan_id"])
    size = _try(FirmSize, cells["size"])
    line = cells["credit_line_fen"]
    line_fen = int(line) if _FEN.fullmatch(line) else None
    farmer = _YES_OR_NO.get(cells["is_farmer"])
    public = _YES_OR_NO.get(cells["guarantor_is_public"])
    checks = (
        ("loan_id", loan_id, "应为贷款编号", "must be a loan's id"),
        ("size", size, "应为 large/medium/small/micro", "large, medium, small or micro"),
        ("credit_line_fen", line_fen, "应为以分计的整数", "an integer of fen"),
        ("is_farmer", farmer, "应为 yes 或 no", "yes or no"),
        ("guarantor_is_public", public, "应为 yes 或 no", "yes or no"),
    )
    if loan_id is None or size is None or line_fen is None or farmer is None or public is None:
        return tuple(
            Violation("cell", zh, en, column, None, cells[column][:40])
            for column, found, zh, en in checks
            if found is None
        )
    stated = Attributes(
        size=size, credit_line_fen=line_fen, is_farmer=farmer, guarantor_is_public=public
    )
    return loan_id, stated


def stranger(loan_id: UUID) -> Violation:
    """Say that a loan is not one that the bank has under a guarantee."""
    return Violation(
        "not-your-loan",
        "不是本行的在保贷款",
        "is not a guaranteed loan of the bank",
        "loan_id",
        None,
        str(loan_id),
    )


def _try(kind: Callable[[str], T], text: str) -> T | None:
    try:
        return kind(text)
    except ValueError:
        return None
