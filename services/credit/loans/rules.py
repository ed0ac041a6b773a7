"""Loans (贷款) as the bank reports them; the bank's own books stay the record of the loan.

Sources: 连政办发〔2024〕13号 (banks enrol loans in programmes before they are drawn) and
domain.md §5.2: contracted → (enrolled) → drawn → ... → settled, or → compensated → closed; a loan
that is not drawn may be withdrawn. What a bank reports of a drawn loan is decided in the slice
``reports``.

Example: 4,000,000.00 yuan over 12 months, drawn 2026-03-02: 400,000,000 fen are outstanding, and
the loan matures on 2027-03-02.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NewType
from uuid import UUID

from shared.calendar import add_months
from shared.errors import Conflict, RuleViolation, Violation
from shared.events.credit import (
    Classification,
    EnrolmentRefused,
    EnrolmentRequested,
    LoanClosed,
    LoanCompensated,
    LoanContracted,
    LoanDisbursed,
    LoanEnrolled,
    LoanWithdrawn,
)
from shared.uscc import Uscc

LoanId = NewType("LoanId", UUID)


class LoanState(StrEnum):
    """Where a loan stands."""

    CONTRACTED = "contracted"
    ENROLMENT_REQUESTED = "enrolment_requested"
    ENROLLED = "enrolled"
    ENROLMENT_REFUSED = "enrolment_refused"
    DRAWN = "drawn"
    OVERDUE = "overdue"
    CLASSIFIED = "classified"
    COMPENSATED = "compensated"
    CLOSED = "closed"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"


_UNDRAWN = frozenset(
    {
        LoanState.CONTRACTED,
        LoanState.ENROLMENT_REQUESTED,
        LoanState.ENROLLED,
        LoanState.ENROLMENT_REFUSED,
    }
)


class LoanStateConflict(Conflict):
    """The loan's state does not allow the command."""

    code = "loan-state"
    title_zh = "贷款状态不允许该操作"
    title_en = "Loan state conflict"


class LoanDateInvalid(RuleViolation):
    """A date of the report contradicts what is known of the loan."""

    code = "loan-date-invalid"
    title_zh = "日期与贷款记录矛盾"
    title_en = "Loan date invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """One loan; amounts in fen, the rate in ppm a year.

    ``reported_on`` is the day of the newest report: the outstanding principal is that day's.
    """

    id: LoanId
    bank: str
    bank_reference: str
    uscc: Uscc
    demand_id: UUID | None
    amount_fen: int
    rate_ppm: int
    tenor_months: int
    signed_on: date
    state: LoanState = LoanState.CONTRACTED
    programme: str | None = None
    guarantor: str | None = None
    guarantee_id: UUID | None = None
    enrolled_on: date | None = None
    refusal_codes: tuple[str, ...] = ()
    disbursed_on: date | None = None
    matures_on: date | None = None
    overdue_since: date | None = None
    principal_outstanding_fen: int | None = None
    reported_on: date | None = None
    classification: Classification | None = None
    classified_on: date | None = None
    claim_id: UUID | None = None
    compensated_fen: int | None = None
    closed_on: date | None = None
    settled_on: date | None = None
    withdrawn_on: date | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A loan with its version."""

    loan: Loan
    version: int


def contract(loan: Loan, *, today: date) -> tuple[Loan, LoanContracted]:
    """Record a signed contract; it cannot be signed in the future."""
    check_dates(("signed_on", loan.signed_on, None, today))
    event = LoanContracted(
        loan_id=loan.id,
        demand_id=loan.demand_id,
        bank_reference=loan.bank_reference,
        uscc=loan.uscc.code,
        bank=loan.bank,
        amount_fen=loan.amount_fen,
        rate_ppm=loan.rate_ppm,
        tenor_months=loan.tenor_months,
        signed_on=loan.signed_on,
    )
    return loan, event


def request_enrolment(
    loan: Loan, *, programme: str, guarantor: str, today: date
) -> tuple[Loan, EnrolmentRequested]:
    """Ask a programme to enrol the loan (备案); after a refusal another may be asked."""
    require_state(loan, LoanState.CONTRACTED, LoanState.ENROLMENT_REFUSED)
    event = EnrolmentRequested(
        loan_id=loan.id,
        uscc=loan.uscc.code,
        bank=loan.bank,
        programme=programme,
        guarantor=guarantor,
        amount_fen=loan.amount_fen,
        rate_ppm=loan.rate_ppm,
        tenor_months=loan.tenor_months,
        signed_on=loan.signed_on,
        requested_on=today,
    )
    requested = replace(
        loan,
        state=LoanState.ENROLMENT_REQUESTED,
        programme=programme,
        guarantor=guarantor,
        refusal_codes=(),
    )
    return requested, event


def enrol(
    loan: Loan, *, guarantee_id: UUID, programme: str, guarantor: str, enrolled_on: date
) -> tuple[Loan, LoanEnrolled]:
    """Record that a guarantor's letter is here, and the day that it bears.

    The letter may answer an earlier request than the last: it says itself whose it is, and undoes a
    refusal.
    """
    require_state(loan, LoanState.ENROLMENT_REQUESTED, LoanState.ENROLMENT_REFUSED)
    event = LoanEnrolled(loan_id=loan.id, guarantee_id=guarantee_id, programme=programme)
    enrolled = replace(
        loan,
        state=LoanState.ENROLLED,
        programme=programme,
        guarantor=guarantor,
        guarantee_id=guarantee_id,
        enrolled_on=enrolled_on,
        refusal_codes=(),
    )
    return enrolled, event


def refuse_enrolment(loan: Loan, *, codes: tuple[str, ...]) -> tuple[Loan, EnrolmentRefused]:
    """Record that the programme refused, or did not answer in time."""
    require_state(loan, LoanState.ENROLMENT_REQUESTED)
    event = EnrolmentRefused(loan_id=loan.id, programme=loan.programme or "", refusal_codes=codes)
    return replace(loan, state=LoanState.ENROLMENT_REFUSED, refusal_codes=codes), event


def draw(loan: Loan, *, disbursed_on: date, today: date) -> tuple[Loan, LoanDisbursed]:
    """Record the drawdown (放款): of an enrolled loan, or of one that is in no programme.

    A refused loan may be lent without a guarantee; it then leaves the programme that it asked last.
    An enrolled loan is paid out on the letter's day at the earliest: what was lent before it is not
    guaranteed by it.
    """
    require_state(loan, LoanState.CONTRACTED, LoanState.ENROLLED, LoanState.ENROLMENT_REFUSED)
    is_enrolled = loan.state is LoanState.ENROLLED
    earliest = max(loan.signed_on, loan.enrolled_on or loan.signed_on)
    check_dates(("disbursed_on", disbursed_on, earliest, today))
    matures_on = add_months(disbursed_on, loan.tenor_months)
    event = LoanDisbursed(
        loan_id=loan.id,
        uscc=loan.uscc.code,
        bank=loan.bank,
        amount_fen=loan.amount_fen,
        disbursed_on=disbursed_on,
        matures_on=matures_on,
        programme=loan.programme if is_enrolled else None,
    )
    drawn = replace(
        loan,
        state=LoanState.DRAWN,
        programme=event.programme,
        guarantor=loan.guarantor if is_enrolled else None,
        disbursed_on=disbursed_on,
        matures_on=matures_on,
        principal_outstanding_fen=loan.amount_fen,
        reported_on=disbursed_on,
    )
    return drawn, event


def withdraw(loan: Loan, *, withdrawn_on: date, today: date) -> tuple[Loan, LoanWithdrawn]:
    """Record that the contract was given up before the loan was drawn (撤销)."""
    require_state(loan, *_UNDRAWN)
    earliest = max(loan.signed_on, loan.enrolled_on or loan.signed_on)
    check_dates(("withdrawn_on", withdrawn_on, earliest, today))
    event = LoanWithdrawn(
        loan_id=loan.id, uscc=loan.uscc.code, bank=loan.bank, withdrawn_on=withdrawn_on
    )
    return replace(loan, state=LoanState.WITHDRAWN, withdrawn_on=withdrawn_on), event


def compensate(loan: Loan, *, claim_id: UUID, compensated_fen: int) -> tuple[Loan, LoanCompensated]:
    """Record that the loss was borne by those who share it (代偿)."""
    require_state(loan, LoanState.CLASSIFIED)
    event = LoanCompensated(loan_id=loan.id, claim_id=claim_id, compensated_fen=compensated_fen)
    compensated = replace(
        loan, state=LoanState.COMPENSATED, claim_id=claim_id, compensated_fen=compensated_fen
    )
    return compensated, event


def close(loan: Loan, *, closed_on: date) -> tuple[Loan, LoanClosed]:
    """Record that recovery is over."""
    require_state(loan, LoanState.COMPENSATED)
    event = LoanClosed(loan_id=loan.id, closed_on=closed_on)
    return replace(loan, state=LoanState.CLOSED, closed_on=closed_on), event


def require_state(loan: Loan, *states: LoanState) -> None:
    """Raise :class:`LoanStateConflict` unless the loan is in one of the states."""
    if loan.state not in states:
        raise LoanStateConflict(
            f"loan {loan.id} is {loan.state}; this needs {' or '.join(sorted(states))}"
        )


def check_dates(*rows: tuple[str, date, date | None, date]) -> None:
    """Raise :class:`LoanDateInvalid` for each (field, day, earliest, latest) out of range."""
    wrong = tuple(
        Violation(
            code="date",
            zh="日期超出允许范围",
            en="outside the days allowed",
            field=f"/{name}",
            limit=f"{earliest or ''}..{latest}",
            actual=day.isoformat(),
        )
        for name, day, earliest, latest in rows
        if day > latest or (earliest is not None and day < earliest)
    )
    if wrong:
        raise LoanDateInvalid("a date contradicts the loan's record", violations=wrong)
