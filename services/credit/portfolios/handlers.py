"""Take in a portfolio, and draw many of its loans at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.credit.known import handlers as known
from services.credit.known.rules import unknown_enterprise
from services.credit.loans import handlers as loans
from services.credit.loans import rules as loan_rules
from services.credit.loans.rules import Loan, LoanDateInvalid, LoanId, LoanStateConflict, Stored
from services.credit.portfolios.rules import Entry, parse_row, repeated
from services.credit.processes import handlers as processes
from shared.db.database import Transaction
from shared.errors import Violation
from shared.web.csv_upload import Line


@dataclass(frozen=True, slots=True)
class IntakeRow:
    """What became of one row."""

    number: int
    reference: str
    loan_id: UUID | None
    reasons: tuple[Violation, ...]


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """What became of one loan of a bulk drawdown."""

    loan_id: UUID
    reasons: tuple[Violation, ...]


async def take_in(
    work: Transaction,
    lines: Sequence[Line],
    misshapen: dict[int, Violation],
    *,
    bank: str,
    programme: str,
    guarantor: str,
) -> list[IntakeRow]:
    """Contract every good row and ask for its enrolment; answer for every bad one."""
    await known.require_bank(work, bank, on=work.today)
    await known.require_guarantor(work, guarantor, on=work.today)
    await known.require_open(work, programme=programme, bank=bank)
    registered = await known.registered(work, [line["uscc"] for line in lines])
    references = [line["reference"] for line in lines]
    taken = await loans.taken_references(work, bank, references)
    rows = [IntakeRow(number, "", None, (reason,)) for number, reason in misshapen.items()]
    accepted: list[Stored] = []
    for line in lines:
        parsed = parse_row({column: line[column] for column in line.cells}, today=work.today)
        if isinstance(parsed, Entry) and parsed.reference in taken:
            parsed = (repeated(parsed.reference),)
        if isinstance(parsed, Entry) and parsed.uscc.code not in registered:
            parsed = (unknown_enterprise(parsed.uscc.code, field="uscc"),)
        if isinstance(parsed, Entry):
            taken.add(parsed.reference)
            accepted.append(_contracted(work, parsed, bank, programme, guarantor))
            loan_id = accepted[-1].loan.id
            rows.append(IntakeRow(line.number, parsed.reference, loan_id, ()))
        else:
            rows.append(IntakeRow(line.number, line["reference"][:100], None, parsed))
    await loans.insert_many(work, accepted)
    await processes.asked_many(work, accepted)
    return sorted(rows, key=lambda row: row.number)


def _contracted(
    work: Transaction, entry: Entry, bank: str, programme: str, guarantor: str
) -> Stored:
    loan = Loan(
        id=LoanId(work.new_id()),
        bank=bank,
        bank_reference=entry.reference,
        uscc=entry.uscc,
        demand_id=None,
        amount_fen=entry.amount_fen,
        rate_ppm=entry.rate_ppm,
        tenor_months=entry.tenor_months,
        signed_on=entry.signed_on,
    )
    contracted, first = loan_rules.contract(loan, today=work.today)
    asked, second = loan_rules.request_enrolment(
        contracted, programme=programme, guarantor=guarantor, today=work.today
    )
    return Stored(asked, work.publish_all([first, second], after=0))


async def draw_many(
    work: Transaction, loan_ids: Sequence[UUID], *, bank: str, disbursed_on: date
) -> list[DrawnRow]:
    """Record the drawdown of every loan that is ready; say of every other why not."""
    await known.require_bank(work, bank, on=disbursed_on)
    locked = await loans.lock_many(work, loan_ids, bank=bank)
    drawn: list[Stored] = []
    rows: list[DrawnRow] = []
    for loan_id in dict.fromkeys(loan_ids):
        stored = locked.get(loan_id)
        if stored is None:
            rows.append(DrawnRow(loan_id, (_unknown(loan_id),)))
            continue
        try:
            loan, event = loan_rules.draw(stored.loan, disbursed_on=disbursed_on, today=work.today)
        except (LoanStateConflict, LoanDateInvalid) as refusal:
            rows.append(DrawnRow(loan_id, refusal.violations or (_refused(refusal),)))
            continue
        drawn.append(Stored(loan, work.publish_all([event], after=stored.version)))
        rows.append(DrawnRow(loan_id, ()))
    await loans.save_many(work, drawn)
    return rows


def _unknown(loan_id: UUID) -> Violation:
    return Violation("not-found", "未找到该贷款", "no such loan", "loan_ids", None, str(loan_id))


def _refused(refusal: LoanStateConflict | LoanDateInvalid) -> Violation:
    return Violation(refusal.code, refusal.title_zh, refusal.detail, "loan_ids")
