"""Use cases of the regulator's table: fill it in, and state what the events do not tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.guarantee.figures.rules import Report
from services.guarantee.regulator import rules, store
from services.guarantee.regulator.rules import Attributes
from shared.db.database import Transaction
from shared.errors import Violation
from shared.web.csv_upload import Line


@dataclass(frozen=True, slots=True)
class StatedRow:
    """What became of one row."""

    number: int
    reasons: tuple[Violation, ...]


async def g53_05(work: Transaction, *, bank: str | None, on: date) -> Report:
    """Fill in the table of a bank, or over all banks; raises ReportTooLarge."""
    return rules.g53_05(
        await store.loans(work, bank=bank, on=on),
        await store.paid_this_year(work, bank=bank, on=on),
        subject=bank or "all",
        on=on,
    )


async def state(
    work: Transaction,
    lines: Sequence[Line],
    misshapen: dict[int, Violation],
    *,
    bank: str,
    by: str,
) -> list[StatedRow]:
    """Keep what a bank states of its own guaranteed loans; every bad row says why not."""
    parsed = [
        (line.number, rules.parse_row({name: line[name] for name in line.cells})) for line in lines
    ]
    named = [found[0] for _, found in parsed if isinstance(found[0], UUID)]
    own = await store.own_loans(work, named, bank=bank)
    kept: list[tuple[UUID, Attributes]] = []
    rows = [StatedRow(number, (reason,)) for number, reason in misshapen.items()]
    for number, found in parsed:
        loan_id, *rest = found
        if not isinstance(loan_id, UUID) or not isinstance(rest[0], Attributes):
            reasons = tuple(each for each in found if isinstance(each, Violation))
            rows.append(StatedRow(number, reasons))
        elif loan_id not in own:
            rows.append(StatedRow(number, (rules.stranger(loan_id),)))
        else:
            kept.append((loan_id, rest[0]))
            rows.append(StatedRow(number, ()))
    await store.put_attributes(work, kept, on=work.today, by=by)
    return sorted(rows, key=lambda row: row.number)
