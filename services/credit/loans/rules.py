"""Loans (贷款) as the bank reports them; the bank's own books stay the record of the loan.

Sources: 商业银行金融资产风险分类办法 (Order 2023 No. 1): overdue makes at least special mention
(关注), more than 90 days at least substandard (次级), more than 270 doubtful (可疑), more than 360
loss (损失). The day limits are general knowledge of the order and read here as calendar days.

Example: drawn 2026-01-05, overdue since 2026-05-01, reported 2026-08-05: 96 days, so the class is
substandard or worse and a claim may be filed.
"""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NewType, get_args
from uuid import UUID

from shared.errors import Conflict, RuleViolation, Violation
from shared.events.credit import (
    Classification,
    EnrolmentRefused,
    EnrolmentRequested,
    LoanClassified,
    LoanClosed,
    LoanCompensated,
    LoanContracted,
    LoanDisbursed,
    LoanEnrolled,
    OverdueReported,
)
from shared.uscc import Uscc

LoanId = NewType("LoanId", UUID)

CLASSES = get_args(Classification)
"""Best first."""
MONTHS_OF_YEAR = 12
_AT_LEAST: tuple[tuple[int, Classification], ...] = (
    (360, "loss"),
    (270, "doubtful"),
    (90, "substandard"),
    (0, "special_mention"),
)


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


_OUTSTANDING = frozenset({LoanState.DRAWN, LoanState.OVERDUE, LoanState.CLASSIFIED})


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


class PrincipalAboveLoan(RuleViolation):
    """More principal is said to be outstanding than was lent."""

    code = "principal-above-loan"
    title_zh = "未偿本金超过贷款金额"
    title_en = "Principal above loan"


class ClassificationTooMild(RuleViolation):
    """The days overdue demand a worse class."""

    code = "classification-too-mild"
    title_zh = "分类结果轻于逾期天数要求"
    title_en = "Classification too mild"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """One loan; amounts in fen, the rate in ppm a year."""

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
    refusal_codes: tuple[str, ...] = ()
    disbursed_on: date | None = None
    matures_on: date | None = None
    overdue_since: date | None = None
    principal_outstanding_fen: int | None = None
    classification: Classification | None = None
    classified_on: date | None = None
    claim_id: UUID | None = None
    compensated_fen: int | None = None
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A loan with its version."""

    loan: Loan
    version: int


def contract(loan: Loan, *, today: date) -> tuple[Loan, LoanContracted]:
    """Record a signed contract; it cannot be signed in the future."""
    _check_dates(("signed_on", loan.signed_on, None, today))
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
    _require(loan, LoanState.CONTRACTED, LoanState.ENROLMENT_REFUSED)
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


def enrol(loan: Loan, *, guarantee_id: UUID) -> tuple[Loan, LoanEnrolled]:
    """Record that the guarantor's letter is here."""
    _require(loan, LoanState.ENROLMENT_REQUESTED)
    event = LoanEnrolled(loan_id=loan.id, guarantee_id=guarantee_id, programme=loan.programme or "")
    return replace(loan, state=LoanState.ENROLLED, guarantee_id=guarantee_id), event


def refuse_enrolment(loan: Loan, *, codes: tuple[str, ...]) -> tuple[Loan, EnrolmentRefused]:
    """Record that the programme refused, or did not answer in time."""
    _require(loan, LoanState.ENROLMENT_REQUESTED)
    event = EnrolmentRefused(loan_id=loan.id, programme=loan.programme or "", refusal_codes=codes)
    return replace(loan, state=LoanState.ENROLMENT_REFUSED, refusal_codes=codes), event


def draw(loan: Loan, *, disbursed_on: date, today: date) -> tuple[Loan, LoanDisbursed]:
    """Record the drawdown (放款): of an enrolled loan, or of one that was never to be enrolled."""
    _require(loan, LoanState.CONTRACTED, LoanState.ENROLLED)
    _check_dates(("disbursed_on", disbursed_on, loan.signed_on, today))
    matures_on = add_months(disbursed_on, loan.tenor_months)
    event = LoanDisbursed(
        loan_id=loan.id,
        uscc=loan.uscc.code,
        bank=loan.bank,
        amount_fen=loan.amount_fen,
        disbursed_on=disbursed_on,
        matures_on=matures_on,
    )
    drawn = replace(
        loan,
        state=LoanState.DRAWN,
        disbursed_on=disbursed_on,
        matures_on=matures_on,
        principal_outstanding_fen=loan.amount_fen,
    )
    return drawn, event


def report_overdue(
    loan: Loan,
    *,
    overdue_since: date,
    principal_outstanding_fen: int,
    reported_on: date,
    today: date,
) -> tuple[Loan, OverdueReported]:
    """Record that payments are overdue (逾期)."""
    _require(loan, *_OUTSTANDING)
    _check_dates(
        ("overdue_since", overdue_since, loan.disbursed_on, reported_on),
        ("reported_on", reported_on, overdue_since, today),
    )
    _check_principal(loan, principal_outstanding_fen)
    event = OverdueReported(
        loan_id=loan.id,
        uscc=loan.uscc.code,
        bank=loan.bank,
        overdue_since=overdue_since,
        days_overdue=(reported_on - overdue_since).days,
        principal_outstanding_fen=principal_outstanding_fen,
        reported_on=reported_on,
    )
    state = loan.state if loan.state is LoanState.CLASSIFIED else LoanState.OVERDUE
    overdue = replace(
        loan,
        state=state,
        overdue_since=overdue_since,
        principal_outstanding_fen=principal_outstanding_fen,
    )
    return overdue, event


def classify(
    loan: Loan,
    *,
    classification: Classification,
    principal_outstanding_fen: int,
    classified_on: date,
    today: date,
) -> tuple[Loan, LoanClassified]:
    """Record the five-class classification; it may be worse than the days demand, never better."""
    _require(loan, *_OUTSTANDING)
    _check_dates(("classified_on", classified_on, loan.overdue_since or loan.disbursed_on, today))
    _check_principal(loan, principal_outstanding_fen)
    required = least_class(loan.overdue_since, classified_on)
    if CLASSES.index(classification) < CLASSES.index(required):
        raise ClassificationTooMild(
            f"the days overdue demand at least {required}",
            violations=(
                Violation(
                    code="classification",
                    zh="逾期天数要求更差的分类",
                    en="the days overdue demand a worse class",
                    field="/classification",
                    limit=required,
                    actual=classification,
                ),
            ),
        )
    event = LoanClassified(
        loan_id=loan.id,
        uscc=loan.uscc.code,
        bank=loan.bank,
        classification=classification,
        principal_outstanding_fen=principal_outstanding_fen,
        classified_on=classified_on,
    )
    classified = replace(
        loan,
        state=LoanState.CLASSIFIED,
        classification=classification,
        classified_on=classified_on,
        principal_outstanding_fen=principal_outstanding_fen,
    )
    return classified, event


def least_class(overdue_since: date | None, on: date) -> Classification:
    """Return the best class that the days overdue still allow."""
    if overdue_since is None:
        return "normal"
    days = (on - overdue_since).days
    return next((name for limit, name in _AT_LEAST if days > limit), "normal")


def compensate(loan: Loan, *, claim_id: UUID, compensated_fen: int) -> tuple[Loan, LoanCompensated]:
    """Record that the loss was borne by those who share it (代偿)."""
    _require(loan, LoanState.CLASSIFIED)
    event = LoanCompensated(loan_id=loan.id, claim_id=claim_id, compensated_fen=compensated_fen)
    compensated = replace(
        loan, state=LoanState.COMPENSATED, claim_id=claim_id, compensated_fen=compensated_fen
    )
    return compensated, event


def close(loan: Loan, *, closed_on: date) -> tuple[Loan, LoanClosed]:
    """Record that recovery is over."""
    _require(loan, LoanState.COMPENSATED)
    event = LoanClosed(loan_id=loan.id, closed_on=closed_on)
    return replace(loan, state=LoanState.CLOSED, closed_on=closed_on), event


def add_months(day: date, months: int) -> date:
    """Return the same day some months later, or the month's last day if it has no such day."""
    years, month = divmod(day.month - 1 + months, MONTHS_OF_YEAR)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _require(loan: Loan, *states: LoanState) -> None:
    if loan.state not in states:
        raise LoanStateConflict(
            f"loan {loan.id} is {loan.state}; this needs {' or '.join(sorted(states))}"
        )


def _check_dates(*rows: tuple[str, date, date | None, date]) -> None:
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


def _check_principal(loan: Loan, principal_outstanding_fen: int) -> None:
    if principal_outstanding_fen > loan.amount_fen:
        raise PrincipalAboveLoan(
            f"loan {loan.id} is smaller",
            violations=(
                Violation(
                    code="principal",
                    zh="不得超过贷款金额",
                    en="not more than was lent",
                    field="/principal_outstanding_fen",
                    limit=loan.amount_fen,
                    actual=principal_outstanding_fen,
                ),
            ),
        )
