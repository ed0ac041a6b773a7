"""Import a version of a list: few statements for many rows, nothing published twice."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from services.registry.enterprises import handlers as enterprises
from services.registry.enterprises import rules as enterprise_rules
from services.registry.enterprises.rules import Change
from services.registry.enterprises.rules import Stored as StoredEnterprise
from services.registry.lists import store
from services.registry.lists.rules import Entry, parse_row
from services.registry.qualifications import handlers as qualifications
from services.registry.qualifications import rules as qualification_rules
from services.registry.qualifications.rules import Qualification, QualificationId
from shared.db.database import Transaction
from shared.errors import Violation
from shared.events.envelope import Event
from shared.events.registry import ListMemberAdded
from shared.web.csv_upload import Line


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """What became of one row."""

    number: int
    uscc: str
    reasons: tuple[Violation, ...]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """A published version and what became of every row of its file."""

    list_code: str
    list_version: int
    rows: tuple[ImportedRow, ...]


async def import_version(
    work: Transaction,
    list_code: str,
    lines: Sequence[Line],
    misshapen: dict[int, Violation],
    *,
    by: str,
) -> ImportReport:
    """Publish the next version of a list with the good rows of a file."""
    entries, rows = _sort(lines, misshapen, by=by)
    number = await store.next_version(work, list_code)
    rejected = sum(1 for row in rows if row.reasons)
    await store.insert_version(
        work, list_code, number, by=by, accepted=len(entries), rejected=rejected
    )
    await _publish_entries(work, list_code, number, entries, by=by)
    await store.insert_members(
        work, list_code, number, [entry.enterprise.uscc.code for entry in entries]
    )
    return ImportReport(list_code, number, tuple(rows))


def _sort(
    lines: Sequence[Line], misshapen: dict[int, Violation], *, by: str
) -> tuple[list[Entry], list[ImportedRow]]:
    good: dict[str, Entry] = {}
    rows = [ImportedRow(number, "", (reason,)) for number, reason in misshapen.items()]
    for line in lines:
        parsed = parse_row({column: line[column] for column in line.cells}, by=by)
        if isinstance(parsed, Entry):
            code = parsed.enterprise.uscc.code
            if code in good:
                rows.append(ImportedRow(line.number, code, (_repeated(code),)))
                continue
            good[code] = parsed
            rows.append(ImportedRow(line.number, code, ()))
        else:
            rows.append(ImportedRow(line.number, line["uscc"][:40], parsed))
    return list(good.values()), sorted(rows, key=lambda row: row.number)


def _repeated(code: str) -> Violation:
    return Violation(
        code="repeated",
        zh="同一文件中统一社会信用代码重复",
        en="the file names this enterprise before",
        field="uscc",
        actual=code,
    )


async def _publish_entries(
    work: Transaction, list_code: str, number: int, entries: Sequence[Entry], *, by: str
) -> None:
    usccs = [entry.enterprise.uscc.code for entry in entries]
    known = await enterprises.lock_or_enter(work, [entry.enterprise for entry in entries])
    held: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for qualification in await qualifications.of_enterprises(work, usccs):
        held[qualification.uscc.code].add((qualification.category, qualification.certificate_no))
    changes: list[Change] = []
    granted: list[Qualification] = []
    # The order of the codes, like that of the locks, so that two imports cannot deadlock.
    for entry in sorted(entries, key=lambda entry: entry.enterprise.uscc.code):
        code = entry.enterprise.uscc.code
        stored, new, events = _entry_events(work, entry, known.get(code), held[code], by=by)
        events.append(ListMemberAdded(uscc=code, list_code=list_code, list_version=number))
        version = work.publish_all(events, after=stored.version)
        saved = StoredEnterprise(stored.enterprise, version)
        changes.append(Change(saved, stored.version))
        granted += new
    await enterprises.save_many(work, changes)
    await qualifications.insert_many(work, granted)


def _entry_events(
    work: Transaction,
    entry: Entry,
    known: StoredEnterprise | None,
    held: set[tuple[str, str]],
    *,
    by: str,
) -> tuple[StoredEnterprise, list[Qualification], list[Event]]:
    """Decide what an entry adds to what is known: the events in their order, and what to store."""
    registered, first = enterprise_rules.register(
        known.enterprise if known else None, entry.enterprise
    )
    profiled, second = enterprise_rules.record_profile(registered, entry.profile)
    granted = [
        Qualification(
            id=QualificationId(work.new_id()),
            uscc=entry.enterprise.uscc,
            category=category,
            certificate_no=entry.certificate_no,
            granted_by=by,
            valid_from=entry.valid_from,
            valid_to=entry.valid_to,
        )
        for category in entry.categories
        if (category, entry.certificate_no) not in held
    ]
    # What is held was left out above, and a row names a category once.
    third = [qualification_rules.grant(qualification, held=()) for qualification in granted]
    stored = StoredEnterprise(profiled, known.version if known else 0)
    return stored, granted, [*first, *second, *third]
