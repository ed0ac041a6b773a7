"""Lists (名单): versions of who a department counts among the city's sci-tech firms.

A version is imported whole from a file. Each row is checked by itself: code with both check digits,
region, chain, categories, period, tax grade, figures. Good rows are kept, bad rows are answered
with every reason. What the register knows already is not published again.

A list belongs to the department that published its first version. A certificate that this
department granted follows its list: another period amends it. A revoked certificate, or one of
another department with another period, refuses the row. A firm of the version before that the new
one leaves out is told so. Whose name and figures stand is for ``enterprises.rules`` to say; where
they are not those of the row, the row is kept with a note.

Example: version 1 names firms A and B, version 2 only A, with its certificate ending a year later:
A's certificate is amended and A is on version 2; B is told that it is no longer on the list.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import get_args
from uuid import UUID

from services.registry.enterprises import rules as enterprises
from services.registry.enterprises.rules import TAX_GRADES, Enterprise, Profile, check_place
from services.registry.institutions.rules import read_date
from services.registry.qualifications import rules as qualifications
from services.registry.qualifications.rules import Qualification, QualificationId
from shared import uscc
from shared.errors import Forbidden, Violation
from shared.events.envelope import Event
from shared.events.registry import Category, ListMemberAdded, TaxGrade
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
MOST_ROWS = 2_000
"""What one transaction takes well within its ten seconds, at four to six events a row.

Measured with 2,000 rows of one certificate each, on two cores: 1.3 s alone, and 7 s with six others
waiting for the same cores and 2,000 firms of the version before left out. All eight categories in
every row, twelve events each, need the cores for themselves, or the file is asked to come again.
"""
LONGEST_NAME = 200
LARGEST_STAFF = 10_000_000
LARGEST_SALES_YUAN = 10**13
LONGEST_NUMBER = 20
FEN_PER_YUAN = 100
CATEGORIES: dict[str, Category] = {word: word for word in get_args(Category)}
_GRADES: dict[str, TaxGrade] = {word: word for word in TAX_GRADES}


class NotTheListsPublisher(Forbidden):
    """The list belongs to the department that published it first."""

    code = "not-the-lists-publisher"
    title_zh = "非名单发布部门"
    title_en = "Not the list's publisher"
    action_zh = "请使用本部门的名单代码，或由首次发布该名单的部门导入。"
    action_en = "Use a list code of your own, or let the department import that published it first."


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a list that is being published."""

    list_code: str
    number: int
    published_by: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One firm of a list, checked."""

    enterprise: Enterprise
    profile: Profile
    categories: tuple[Category, ...]
    certificate_no: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Placement:
    """What the register becomes by an entry; ``notes`` say what was not taken from it."""

    enterprise: Enterprise
    granted: tuple[Qualification, ...]
    amended: tuple[Qualification, ...]
    events: tuple[Event, ...]
    notes: tuple[Violation, ...]


def check_publisher(last: Version | None, *, by: str) -> None:
    """Refuse a version of another department's list; raises :class:`NotTheListsPublisher`."""
    if last is not None and last.published_by != by:
        raise NotTheListsPublisher(f"list {last.list_code} is published by {last.published_by}")


def place(
    entry: Entry,
    *,
    known: Enterprise | None,
    held: Sequence[Qualification],
    version: Version,
    new_id: Callable[[], UUID],
) -> Placement | tuple[Violation, ...]:
    """Put an entry on a version of a list, or return every reason why it cannot be there."""
    certificates = {found.certificate: found for found in held}
    named = [
        (category, certificates.get((category, entry.certificate_no)))
        for category in entry.categories
    ]
    reasons = tuple(
        reason
        for _, found in named
        if found is not None
        for reason in _check_certificate(entry, found, by=version.published_by)
    )
    if reasons:
        return reasons
    enterprise, events, notes = _state(entry, known)
    granted: list[Qualification] = []
    amended: list[Qualification] = []
    for category, found in named:
        if found is None:
            new = _certificate(entry, category, version=version, new_id=new_id)
            granted.append(new)
            events.append(qualifications.grant(new, held=held))
        elif _differs(entry, found):
            changed, event = _follow(entry, found, held=held, version=version)
            amended.append(changed)
            events.append(event)
    events.append(
        ListMemberAdded(
            uscc=enterprise.uscc.code, list_code=version.list_code, list_version=version.number
        )
    )
    return Placement(enterprise, tuple(granted), tuple(amended), tuple(events), notes)


def _state(
    entry: Entry, known: Enterprise | None
) -> tuple[Enterprise, list[Event], tuple[Violation, ...]]:
    """Take an entry's name, place and figures where no other organisation's stand."""
    stated = entry.enterprise
    if known is None:
        enterprise, registered = enterprises.register(None, stated)
        enterprise, recorded = enterprises.record_profile(enterprise, entry.profile)
        return enterprise, [*registered, *recorded], ()
    events: list[Event] = []
    fields = enterprises.contested(known, stated)
    notes = [_kept(field, getattr(stated, field), getattr(known, field)) for field in fields]
    enterprise = known
    if not fields:
        enterprise, registered = enterprises.register(known, stated)
        events += registered
    if known.profile is None or known.profile.recorded_by == entry.profile.recorded_by:
        enterprise, recorded = enterprises.record_profile(enterprise, entry.profile)
        events += recorded
    else:
        # Whether they are the same is not said: nobody may learn the figures by trying.
        notes += [_figures_kept(column) for column in ("tax_grade", "staff", "sales_yuan")]
    return enterprise, events, tuple(notes)


def _certificate(
    entry: Entry, category: Category, *, version: Version, new_id: Callable[[], UUID]
) -> Qualification:
    return Qualification(
        id=QualificationId(new_id()),
        uscc=entry.enterprise.uscc,
        category=category,
        certificate_no=entry.certificate_no,
        granted_by=version.published_by,
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
    )


def _follow(
    entry: Entry, found: Qualification, *, held: Sequence[Qualification], version: Version
) -> tuple[Qualification, Event]:
    return qualifications.amend(
        found,
        held=held,
        certificate_no=found.certificate_no,
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
        reason=f"名单 {version.list_code} 第 {version.number} 版",
        by=version.published_by,
    )


def _differs(entry: Entry, found: Qualification) -> bool:
    return (entry.valid_from, entry.valid_to) != (found.valid_from, found.valid_to)


def _check_certificate(entry: Entry, found: Qualification, *, by: str) -> list[Violation]:
    if found.revoked_on is not None:
        code, zh, en = "certificate_revoked", "该证书已被撤销", "this certificate was revoked"
    elif found.granted_by != by and _differs(entry, found):
        code = "certificate_differs"
        zh = "该证书由其他部门认定，有效期与登记不一致"
        en = "another department granted this certificate, for another period"
    else:
        return []
    return [Violation(code=code, zh=zh, en=en, field="certificate_no", actual=found.certificate_no)]


def _kept(field: str, stated: str, known: str) -> Violation:
    return Violation(
        code="registered_by_another",
        zh="以登记机构的内容为准，未采用",
        en="not taken: it is as the registering organisation states it",
        field=field,
        limit=known,
        actual=stated,
    )


def _figures_kept(column: str) -> Violation:
    return Violation(
        code="recorded_by_another",
        zh="以其他部门已登记的数据为准，未采用",
        en="not taken: the figures that another department recorded stand",
        field=column,
    )


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
            registered_by=by,
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
