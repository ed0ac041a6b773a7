"""Use cases of the reconciliations: a bank's day, an organisation's word on it, the comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.guarantee.reconciliations import rules, store
from services.guarantee.reconciliations.rules import Key, Matched, Movement, Stated
from services.guarantee.reconciliations.store import InForce, Statement
from services.guarantee.regulator.handlers import StatedRow
from shared.db.database import Transaction
from shared.errors import Violation
from shared.web.auth import Caller
from shared.web.csv_upload import Line

BankInForce = InForce
DayStatement = Statement


@dataclass(frozen=True, slots=True)
class BankDay:
    """A bank's day: its movements in their order, and what is in force when it ends."""

    bank: str
    day: date
    is_final: bool
    movements: Sequence[Movement]
    in_force: InForce


@dataclass(frozen=True, slots=True)
class StatedDay:
    """A statement that was taken, with what became of each row."""

    statement: Statement
    rows: Sequence[StatedRow]


@dataclass(frozen=True, slots=True)
class MatchedDay:
    """A bank's day compared with the books of all who stated it."""

    bank: str
    day: date
    statements: Sequence[Statement]
    rows: Sequence[Matched]


async def bank_day(work: Transaction, bank: str, day: date, *, reader: str | None) -> BankDay:
    """Read a bank's day as far as the reader keeps books of it.

    Raises DayNotBegun, ReconciliationNotFound, ReportTooLarge.
    """
    await _require_seen(work, bank, day, reader=reader)
    found = await store.movements(work, bank, day)
    return BankDay(
        bank=bank,
        day=day,
        is_final=day < work.today,
        movements=sorted(
            (each for each in found if reader is None or each.case.concerns(reader)),
            key=lambda each: each.key,
        ),
        in_force=await store.in_force(work, bank, day, reader=reader),
    )


async def state(
    work: Transaction,
    day: date,
    lines: Sequence[Line],
    misshapen: dict[int, Violation],
    *,
    by: Caller,
) -> StatedDay:
    """Keep what an organisation's own books have for a day; every bad row says why not.

    It takes the place of what the organisation stated of the day before. Raises DayNotBegun.
    """
    rules.require_begun(day, today=work.today)
    number = await store.lock_day(work, by.org, day) + 1
    parsed = [(line.number, rules.parse_row(dict(line.cells))) for line in lines]
    subjects = {found[0].subject_id for _, found in parsed if isinstance(found, tuple)}
    cases = await store.cases(work, sorted(subjects))
    rows = [StatedRow(number, (reason,)) for number, reason in misshapen.items()]
    kept: dict[Key, Stated] = {}
    for line, found in parsed:
        if not isinstance(found, tuple):
            rows.append(StatedRow(line, tuple(found)))
            continue
        key, amount_fen = found
        case = cases.get(key.subject_id)
        if case is None or not case.concerns(by.org):
            rows.append(StatedRow(line, (rules.stranger(key.subject_id),)))
        elif key in kept:
            rows.append(StatedRow(line, (rules.repeated(),)))
        else:
            kept[key] = Stated(key, amount_fen, case, by.org)
            rows.append(StatedRow(line, ()))
    stated = list(kept.values())
    statement = Statement(
        by.org, day, number, len(stated), rules.digest_of(stated), by.sub, work.now
    )
    await store.insert(work, statement, stated)
    return StatedDay(statement, sorted(rows, key=lambda row: row.number))


async def match(work: Transaction, bank: str, day: date, *, reader: str | None) -> MatchedDay:
    """Compare a bank's day with the books of bank, guarantors and funds.

    A reader is shown the rows of which it keeps books itself. Raises DayNotBegun,
    ReconciliationNotFound, ReportTooLarge.
    """
    await _require_seen(work, bank, day, reader=reader)
    statements = await store.statements(work, await store.counterparties(work, bank), day)
    matched = rules.match(
        await store.movements(work, bank, day),
        await store.stated_rows(work, bank, day),
        who_stated=frozenset(statement.org for statement in statements),
    )
    rows = [row for row in matched if reader is None or row.case.concerns(reader)]
    seen = {org for row in rows for org in (row.case.bank, row.case.guarantor, row.case.fund)}
    shown = [s for s in statements if reader is None or s.org in seen | {reader}]
    return MatchedDay(bank, day, shown, rows)


async def _require_seen(work: Transaction, bank: str, day: date, *, reader: str | None) -> None:
    rules.require_begun(day, today=work.today)
    if not await store.is_party(work, bank, reader=reader):
        raise rules.ReconciliationNotFound(f"no guarantee of {bank} is known to the reader")
