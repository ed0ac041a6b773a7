"""Use cases of the directory."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.registry.institutions import store
from services.registry.institutions.rules import Institution, parse_row
from services.registry.institutions.store import Stored
from shared.db.database import Transaction
from shared.errors import Violation
from shared.web.csv_upload import Line


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """What became of one row."""

    number: int
    code: str
    reasons: tuple[Violation, ...]


async def register(work: Transaction, institutions: Sequence[Institution]) -> list[Stored]:
    """Enter or replace entries; an unchanged one publishes nothing."""
    known = await store.lock_many(work, [entry.code for entry in institutions])
    changed: list[Stored] = []
    result: list[Stored] = []
    for institution in institutions:
        before = known.get(institution.code)
        if before is not None and before.institution == institution:
            result.append(before)
            continue
        after = before.version if before else 0
        version = work.publish_all([institution.registered()], after=after)
        changed.append(Stored(institution, version))
        result.append(changed[-1])
    await store.save_many(work, changed)
    return result


async def import_rows(
    work: Transaction, lines: Sequence[Line], misshapen: dict[int, Violation]
) -> list[ImportedRow]:
    """Import the good rows and say of every other why it was refused."""
    good: dict[str, Institution] = {}
    rows = [ImportedRow(number, "", (reason,)) for number, reason in misshapen.items()]
    for line in lines:
        parsed = parse_row({column: line[column] for column in line.cells})
        if isinstance(parsed, Institution) and parsed.code in good:
            parsed = (_repeated(parsed.code),)
        if isinstance(parsed, Institution):
            good[parsed.code] = parsed
            rows.append(ImportedRow(line.number, parsed.code, ()))
        else:
            rows.append(ImportedRow(line.number, line["code"][:64], parsed))
    await register(work, list(good.values()))
    return sorted(rows, key=lambda row: row.number)


def _repeated(code: str) -> Violation:
    return Violation(
        code="repeated",
        zh="同一文件中代码重复",
        en="the file names this code before",
        field="code",
        actual=code,
    )
