"""Reports and their snapshots: a report that was sent out can be read again as it was sent.

A report is added up from today's knowledge of a past day: facts that were corrected since change
it. A snapshot keeps the answer, its records and its SHA-256 for good, and is compared with what the
same question yields later, figure by figure.

Example: G53-05 for 2026-03-31, kept on 2026-04-03; on 2026-04-10 a bank reports a lower balance for
2026-03-30: the snapshot is unchanged, and the comparison names item 1 with both values.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from shared.errors import Malformed, NotFound, Violation


class SnapshotNotFound(NotFound):
    """No such snapshot, or it is another organisation's."""

    code = "snapshot-not-found"
    title_zh = "未找到报表快照"
    title_en = "Snapshot not found"


class SubjectForeign(NotFound):
    """The report's subject is another organisation's."""

    code = "subject-foreign"
    title_zh = "无权查看该机构的报表"
    title_en = "Another organisation's report"


class SinceMissing(Malformed):
    """The report is about a period and its first day is missing."""

    code = "since-missing"
    title_zh = "缺少期间起始日"
    title_en = "First day missing"


class ReportKind(StrEnum):
    """What can be reported on."""

    PROGRAMME = "programme"
    FUND = "fund"
    ENTERPRISE = "enterprise"
    G53_05 = "g53-05"


OF_A_PERIOD = frozenset({ReportKind.PROGRAMME, ReportKind.FUND})
ALL_BANKS = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question: which report, of whom, over which days, for whose eyes (None: everybody's)."""

    kind: ReportKind
    subject: str
    since: date | None
    on: date
    reader: str | None

    def first_day(self) -> date:
        """The first day of a period; raises :class:`SinceMissing`."""
        if self.since is None:
            violation = Violation(
                "missing", "缺少 since", "this report is about a period", "/since"
            )
            raise SinceMissing(violation.en, violations=(violation,))
        return self.since

    def bank(self) -> str | None:
        """The bank of a G53-05, None for all; raises :class:`SubjectForeign`."""
        if self.reader is not None and self.subject != self.reader:
            raise SubjectForeign(f"{self.reader} may not read the report of {self.subject}")
        return None if self.subject == ALL_BANKS else self.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A report as it was answered once; ``content`` is its JSON, byte for byte."""

    id: UUID
    asked: Asked
    taken_by: str
    taken_at: datetime
    content: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that is no longer what it was; None where there was, or is, none."""

    item: str
    then: int | None
    now: int | None


def compare(then: Mapping[str, int | None], now: Mapping[str, int | None]) -> Iterator[Change]:
    """Name every figure whose value changed, by item."""
    for item in dict.fromkeys((*then, *now)):
        if then.get(item) != now.get(item):
            yield Change(item, then.get(item), now.get(item))
