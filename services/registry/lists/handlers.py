"""Import a version of a list: few statements for many rows, nothing published twice."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.registry.enterprises import handlers as enterprises
from services.registry.enterprises.rules import Change
from services.registry.enterprises.rules import Stored as StoredEnterprise
from services.registry.lists import rules, store
from services.registry.lists.rules import Entry, Placement, Version
from services.registry.qualifications import handlers as qualifications
from services.registry.qualifications.rules import Qualification
from shared.db.database import Transaction
from shared.errors import Violation
from shared.events.registry import ListMemberRemoved
from shared.web.csv_upload import Line


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """What became of one row."""

    number: int
    uscc: str
    reasons: tuple[Violation, ...]
    notes: tuple[Violation, ...] = ()


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
    last = await store.lock_last(work, list_code)
    rules.check_publisher(last, by=by)
    version = Version(list_code, last.number + 1 if last else 1, by)
    entries, rows = _read(lines, misshapen, by=by)
    before = await store.members(work, list_code, last.number) if last else []
    known = await enterprises.lock_or_enter(
        work, [entry.enterprise for entry in entries.values()], also=before
    )
    placed = await _place(work, version, entries, known, rows)
    members = [placement.enterprise.uscc.code for placement in placed]
    rejected = sum(1 for row in rows if row.reasons)
    await store.insert_version(work, version, accepted=len(placed), rejected=rejected)
    await store.insert_members(work, version, members)
    left_out = sorted(set(before).difference(members))
    await _save(work, placed, known, [_removed(work, version, known[code]) for code in left_out])
    return ImportReport(list_code, version.number, tuple(sorted(rows, key=lambda row: row.number)))


def _read(
    lines: Sequence[Line], misshapen: dict[int, Violation], *, by: str
) -> tuple[dict[int, Entry], list[ImportedRow]]:
    """Read the rows of a file: the good ones by their number, what became of the others."""
    good: dict[int, Entry] = {}
    seen: set[str] = set()
    rows = [ImportedRow(number, "", (reason,)) for number, reason in misshapen.items()]
    for line in lines:
        parsed = rules.parse_row({column: line[column] for column in line.cells}, by=by)
        if not isinstance(parsed, Entry):
            rows.append(ImportedRow(line.number, line["uscc"][:40], parsed))
            continue
        code = parsed.enterprise.uscc.code
        if code in seen:
            rows.append(ImportedRow(line.number, code, (_repeated(code),)))
        else:
            seen.add(code)
            good[line.number] = parsed
    return good, rows


def _repeated(code: str) -> Violation:
    return Violation(
        code="repeated",
        zh="同一文件中统一社会信用代码重复",
        en="the file names this enterprise before",
        field="uscc",
        actual=code,
    )


async def _place(
    work: Transaction,
    version: Version,
    entries: dict[int, Entry],
    known: dict[str, StoredEnterprise],
    rows: list[ImportedRow],
) -> list[Placement]:
    """Put the entries on the version and add to the rows what became of each."""
    held: defaultdict[str, list[Qualification]] = defaultdict(list)
    for qualification in await qualifications.of_enterprises(work, list(known)):
        held[qualification.uscc.code].append(qualification)
    placed: list[Placement] = []
    for number, entry in entries.items():
        code = entry.enterprise.uscc.code
        found = rules.place(
            entry,
            known=known[code].enterprise if code in known else None,
            held=held[code],
            version=version,
            new_id=work.new_id,
        )
        if isinstance(found, Placement):
            placed.append(found)
            rows.append(ImportedRow(number, code, (), found.notes))
        else:
            # It has a certificate, so it is known: no row is left behind that was entered for it.
            rows.append(ImportedRow(number, code, found))
    return placed


def _removed(work: Transaction, version: Version, known: StoredEnterprise) -> Change:
    """Tell an enterprise that the version leaves it out."""
    event = ListMemberRemoved(
        uscc=known.enterprise.uscc.code,
        list_code=version.list_code,
        list_version=version.number,
    )
    number = work.publish_all([event], after=known.version)
    return Change(StoredEnterprise(known.enterprise, number), known.version)


async def _save(
    work: Transaction,
    placed: Sequence[Placement],
    known: dict[str, StoredEnterprise],
    changes: Iterable[Change],
) -> None:
    """Publish what the placements tell and store them with the other changes."""
    changes = list(changes)
    for placement in placed:
        before = known.get(placement.enterprise.uscc.code)
        after = before.version if before else 0
        number = work.publish_all(placement.events, after=after)
        changes.append(Change(StoredEnterprise(placement.enterprise, number), after))
    await enterprises.save_many(work, changes)
    await qualifications.insert_many(work, [new for found in placed for new in found.granted])
    await qualifications.amend_many(work, [new for found in placed for new in found.amended])
