"""Use cases of the directory."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.registry.institutions import rules, store
from services.registry.institutions.rules import Institution, parse_row
from services.registry.institutions.store import Change, Stored
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
    known = await store.lock_or_enter(work, institutions)
    changes: list[Change] = []
    result: list[Stored] = []
    for institution in institutions:
        before = known.get(institution.code)
        if before is not None and before.institution == institution:
            result.append(before)
            continue
        after = before.version if before else 0
        version = work.publish_all([institution.registered()], after=after)
        result.append(Stored(institution, version))
        changes.append(Change(result[-1], after))
    await store.save_many(work, changes)
    return result


async def require_consentable(work: Transaction, code: str) -> None:
    """Refuse a consent to whom none can be given today with GranteeRefused."""
    rules.check_grantee(code, await store.find(work, code), today=work.today)


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
