"""The directory of institutions (机构) and departments (部门): coded, dated parties.

Departments move between offices (市地方金融监管局 passed into another house), so an entry has
a period and its successor is another entry. Importing an unchanged entry again changes nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import get_args

from shared import uscc
from shared.errors import RuleViolation, Violation
from shared.events.registry import InstitutionKind, InstitutionRegistered

COLUMNS = ("code", "name_zh", "name_en", "kind", "uscc", "region", "valid_from", "valid_to")
MOST_ROWS = 5000
KINDS = get_args(InstitutionKind)
_CODE = re.compile(r"[a-z][a-z0-9-]{1,63}")
_REGION = re.compile(r"[0-9]{6}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONGEST_NAME = 500


class InstitutionPeriodInvalid(RuleViolation):
    """The entry ends before it begins."""

    code = "institution-period-invalid"
    title_zh = "机构有效期无效"
    title_en = "Invalid institution period"


class GranteeRefused(RuleViolation):
    """A consent goes to an institution that exists and is not a department."""

    code = "grantee-refused"
    title_zh = "被授权方须为现存的非政府部门机构"
    title_en = "Grantee refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """One entry; ``valid_to`` is exclusive, None while open.

    Raises :class:`InstitutionPeriodInvalid` where it ends before it begins.
    """

    code: str
    kind: InstitutionKind
    name_zh: str
    name_en: str
    uscc: str | None
    region: str
    valid_from: date
    valid_to: date | None

    def __post_init__(self) -> None:
        if self.valid_to is None or self.valid_from < self.valid_to:
            return
        violation = Violation(
            code="period",
            zh="止期须晚于起期",
            en="must be after valid_from",
            field="/valid_to",
            limit=self.valid_from.isoformat(),
            actual=self.valid_to.isoformat(),
        )
        raise InstitutionPeriodInvalid(violation.en, violations=(violation,))

    def exists_on(self, day: date) -> bool:
        """Tell whether the entry is in force on a business date."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def registered(self) -> InstitutionRegistered:
        """Return the event that tells the others."""
        return InstitutionRegistered(
            code=self.code,
            kind=self.kind,
            name_zh=self.name_zh,
            name_en=self.name_en,
            uscc=self.uscc,
            region=self.region,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )


def check_grantee(code: str, entry: Institution | None, *, today: date) -> None:
    """Refuse a consent to who is unknown, not there yet or any more, or a department.

    A department's legal basis is its duty; data for an institution that ended would reach nobody
    whom the enterprise meant. Raises :class:`GranteeRefused`.
    """
    if entry is None or entry.kind == "department":
        zh = "须为目录中的银行、担保、保险等机构"
        en = "must be a bank, guarantor, insurer or the like of the directory"
    elif not entry.exists_on(today):
        zh = "该机构在今日不在有效期内"
        en = "the institution's entry is not in force today"
    else:
        return
    violation = Violation(code="grantee", zh=zh, en=en, field="/grantee", actual=code)
    raise GranteeRefused(en, violations=(violation,))


def read_date(text: str) -> date | None:
    """Read ``YYYY-MM-DD``; None if it is not one."""
    try:
        # ISO weeks, such as 2026-W10-1, have ten characters too and are no date here.
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def parse_row(cells: Mapping[str, str]) -> Institution | tuple[Violation, ...]:
    """Read a row of an import, or return every reason why it is refused."""
    reasons = [*_check_words(cells), *_check_code_of_entity(cells["uscc"])]
    valid_from, valid_to = read_date(cells["valid_from"]), read_date(cells["valid_to"])
    if valid_from is None:
        reasons.append(
            _reason("date", "valid_from", "日期应为 YYYY-MM-DD", "must be YYYY-MM-DD", cells)
        )
    if cells["valid_to"] and valid_to is None:
        reasons.append(
            _reason("date", "valid_to", "日期应为 YYYY-MM-DD", "must be YYYY-MM-DD", cells)
        )
    if valid_from and valid_to and valid_to <= valid_from:
        reasons.append(
            _reason("period", "valid_to", "止期须晚于起期", "must be after valid_from", cells)
        )
    if reasons or valid_from is None:
        return tuple(reasons)
    kinds: dict[str, InstitutionKind] = {kind: kind for kind in KINDS}
    return Institution(
        code=cells["code"],
        kind=kinds[cells["kind"]],
        name_zh=cells["name_zh"],
        name_en=cells["name_en"],
        uscc=cells["uscc"] or None,
        region=cells["region"],
        valid_from=valid_from,
        valid_to=valid_to,
    )


def _check_words(cells: Mapping[str, str]) -> list[Violation]:
    reasons = []
    if not _CODE.fullmatch(cells["code"]):
        reasons.append(
            _reason("code", "code", "应为小写字母、数字与连字符", "a-z, 0-9 and -", cells)
        )
    if cells["kind"] not in KINDS:
        reasons.append(_reason("kind", "kind", f"应为 {'、'.join(KINDS)}", "unknown kind", cells))
    if not _REGION.fullmatch(cells["region"]):
        reasons.append(_reason("region", "region", "应为 6 位行政区划代码", "six digits", cells))
    reasons += [
        _reason("name", column, "名称须为 1 至 500 字", "1 to 500 characters", cells)
        for column in ("name_zh", "name_en")
        if not 1 <= len(cells[column]) <= LONGEST_NAME
    ]
    return reasons


def _check_code_of_entity(text: str) -> list[Violation]:
    return [
        Violation(
            code=found.code,
            zh=found.zh,
            en=found.en,
            field="uscc",
            limit=found.limit,
            actual=found.actual,
        )
        for found in (uscc.check(text) if text else ())
    ]


def _reason(code: str, field: str, zh: str, en: str, cells: Mapping[str, str]) -> Violation:
    return Violation(code=code, zh=zh, en=en, field=field, actual=cells[field][:80])
