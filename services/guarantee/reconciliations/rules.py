"""Reconciliation (对账): what moved in a day, and whether three sets of books say the same.

A movement is one amount of one kind of one case: a guarantee that took effect or was released, a
claim that was filed, a leg that was paid, a party's part of a receipt. It belongs to the day of its
value. The platform tells the day of a bank; bank, guarantor and fund each state what their own
books have for it; row by row the three are compared with the platform's record.

The digest of a file is the SHA-256 of its lines ``kind,subject_id,party,amount_fen``, sorted and
each ended by a line feed, so that a bank can compute it from its own books.

Sources: the monthly comparison of the pool's accounts in the partner banks' agreements of 总对总
batch guarantees (domain.md §3); 商业银行 day-end practice of a file with totals and a checksum.

Example: the fund's books have a leg of 116,666,667 fen, the bank's 116,666,666: the row differs,
and ``bank`` is named.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.errors import Malformed, NotFound, Violation

MOST_ROWS = 50_000
COLUMNS = ("kind", "subject_id", "party", "amount_fen")
_MOST_FEN = 10**15
_LONGEST_PARTY = 40


class MovementKind(StrEnum):
    """What moved; the subject is the guarantee, the claim, the claim again, the receipt."""

    EFFECTIVE = "effective"
    RELEASED = "released"
    CLAIMED = "claimed"
    PAID = "paid"
    RECOVERED = "recovered"


class Role(StrEnum):
    """Whose books."""

    BANK = "bank"
    GUARANTOR = "guarantor"
    FUND = "fund"


class Result(StrEnum):
    """All who are to state it say the same; somebody says otherwise; somebody has said nothing."""

    MATCHED = "matched"
    DIFFERS = "differs"
    AWAITED = "awaited"


class DayNotBegun(Malformed):
    """The day lies ahead: nothing has moved in it."""

    code = "day-not-begun"
    title_zh = "该日尚未开始"
    title_en = "The day has not begun"


class ReconciliationNotFound(NotFound):
    """The bank is unknown here, or its day is not for this reader."""

    code = "reconciliation-not-found"
    title_zh = "未找到对账数据"
    title_en = "Reconciliation not found"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What a row is about; ``party`` is empty where a movement has none."""

    kind: MovementKind
    subject_id: UUID
    party: str


@dataclass(frozen=True, slots=True)
class Case:
    """Who keeps books of a guarantee."""

    guarantee_id: UUID
    bank: str
    guarantor: str
    fund: str

    def org(self, role: Role) -> str:
        """Return who keeps the books of a role."""
        return {Role.BANK: self.bank, Role.GUARANTOR: self.guarantor, Role.FUND: self.fund}[role]

    def concerns(self, org: str) -> bool:
        """Tell whether an organisation keeps books of it."""
        return org in {self.bank, self.guarantor, self.fund}


@dataclass(frozen=True, slots=True)
class Movement:
    """One row of the platform's record."""

    key: Key
    amount_fen: int
    case: Case


@dataclass(frozen=True, slots=True)
class Stated:
    """One row of an organisation's own books."""

    key: Key
    amount_fen: int
    case: Case
    org: str


@dataclass(frozen=True, slots=True)
class KindSum:
    """How many rows of one kind, and what they add up to."""

    kind: MovementKind
    count: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Matched:
    """One row as the platform and the three sets of books have it; None: not in those books."""

    key: Key
    case: Case
    platform_fen: int | None
    fen_by_role: Mapping[Role, int | None]
    result: Result
    roles: tuple[Role, ...]
    """Who says otherwise or, of a row that is awaited, who has said nothing."""


def require_begun(day: date, *, today: date) -> None:
    """Raise :class:`DayNotBegun` for a day that lies ahead."""
    if day > today:
        raise DayNotBegun(f"{day} is after {today}")


def sums_of(rows: Iterable[Movement | Stated]) -> list[KindSum]:
    """Add up by kind, every kind in its order, also where there is nothing of it."""
    by_kind: dict[MovementKind, list[int]] = {kind: [] for kind in MovementKind}
    for row in rows:
        by_kind[row.key.kind].append(row.amount_fen)
    return [KindSum(kind, len(fen), sum(fen)) for kind, fen in by_kind.items()]


def digest_of(rows: Iterable[Movement | Stated]) -> str:
    """Return the SHA-256 of the rows' lines, in hexadecimal: see the module."""
    lines = sorted(
        f"{row.key.kind},{row.key.subject_id},{row.key.party},{row.amount_fen}\n" for row in rows
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def match(
    movements: Sequence[Movement], stated: Sequence[Stated], *, who_stated: frozenset[str]
) -> list[Matched]:
    """Compare the platform's day with the books of those who stated theirs.

    ``who_stated`` names the organisations that have stated the day, with rows or without. A row
    that only somebody's books have is told as well. An organisation in two roles is asked in both.
    """
    ours = {movement.key: movement for movement in movements}
    theirs = {(row.org, row.key): row.amount_fen for row in stated}
    cases = {row.key: row.case for row in stated} | {row.key: row.case for row in movements}
    return [_matched(key, cases[key], ours.get(key), theirs, who_stated) for key in sorted(cases)]


def _matched(
    key: Key,
    case: Case,
    ours: Movement | None,
    theirs: Mapping[tuple[str, Key], int],
    who_stated: frozenset[str],
) -> Matched:
    platform_fen = None if ours is None else ours.amount_fen
    said = {role: theirs.get((case.org(role), key)) for role in Role}
    silent = tuple(role for role in Role if case.org(role) not in who_stated)
    others = tuple(role for role in Role if role not in silent and said[role] != platform_fen)
    result = Result.DIFFERS if others else Result.AWAITED if silent else Result.MATCHED
    return Matched(key, case, platform_fen, said, result, others or silent)


def counts_of(rows: Sequence[Matched]) -> dict[Result, int]:
    """Count rows by result, every result named."""
    return {result: sum(row.result is result for row in rows) for result in Result}


def parse_row(cells: Mapping[str, str]) -> tuple[Key, int] | list[Violation]:
    """Read one row of somebody's books, or say everything that is wrong with it."""
    found: list[Violation] = []
    kind = _kind(cells["kind"].strip(), found)
    subject_id = _uuid(cells["subject_id"].strip(), found)
    party = cells["party"].strip()
    if len(party) > _LONGEST_PARTY:
        found.append(
            _wrong("party", "参与方名称过长", "the party's name is too long", _LONGEST_PARTY, party)
        )
    amount_fen = _fen(cells["amount_fen"].strip(), found)
    if kind is None or subject_id is None or amount_fen is None or found:
        return found
    return Key(kind, subject_id, party), amount_fen


def _kind(text: str, found: list[Violation]) -> MovementKind | None:
    if text in set(MovementKind):
        return MovementKind(text)
    found.append(_wrong("kind", "未知类型", "unknown kind", ", ".join(MovementKind), text))
    return None


def _uuid(text: str, found: list[Violation]) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        found.append(_wrong("subject_id", "不是有效的编号", "not an id", "UUID", text))
        return None


def _fen(text: str, found: list[Violation]) -> int | None:
    if text.isascii() and text.isdigit() and int(text) <= _MOST_FEN:
        return int(text)
    zh, en = "应为非负整数(分)", "must be a whole number of fen, not below 0"
    found.append(_wrong("amount_fen", zh, en, f"0 … {_MOST_FEN}", text))
    return None


def _wrong(field: str, zh: str, en: str, limit: str | int, actual: str) -> Violation:
    return Violation("cells", zh, en, field, limit, actual[:40])


def stranger(subject_id: UUID) -> Violation:
    """Say that a row is about no case of the organisation that states it."""
    zh, en = "不是本机构的业务", "no case of this organisation"
    return Violation("unknown-subject", zh, en, "subject_id", None, str(subject_id))


def repeated() -> Violation:
    """Say that an earlier row of the file is about the same."""
    zh, en = "与前面的行重复", "an earlier row is about the same"
    return Violation("repeated", zh, en, "subject_id")
