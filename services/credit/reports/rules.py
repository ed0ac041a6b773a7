"""What a bank reports of a drawn loan: overdue (逾期), its class (五级分类), its settlement (结清).

Sources: 商业银行金融资产风险分类办法 (Order 2023 No. 1): overdue makes at least special mention
(关注), more than 90 days at least substandard (次级), more than 270 doubtful (可疑), more than 360
loss (损失). The day limits are general knowledge of the order and read here as calendar days.

A report is about its own day, and reports are taken in the order of these days: one of an earlier
day than the newest would put older figures over newer ones, here and at whoever follows the events.
Two of one day are a correction, and the later one stands.

Example: drawn 2026-01-05, overdue since 2026-05-01, reported 2026-08-05: 96 days, so the class is
substandard or worse and a claim may be filed.
"""

from dataclasses import replace
from datetime import date
from typing import get_args

from services.credit.loans.rules import Loan, LoanState, check_dates, require_state
from shared.errors import RuleViolation, Violation
from shared.events.credit import Classification, LoanClassified, LoanSettled, OverdueReported

CLASSES = get_args(Classification)
"""Best first."""
_AT_LEAST: tuple[tuple[int, Classification], ...] = (
    (360, "loss"),
    (270, "doubtful"),
    (90, "substandard"),
    (0, "special_mention"),
)
_OUTSTANDING = frozenset({LoanState.DRAWN, LoanState.OVERDUE, LoanState.CLASSIFIED})


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


def report_overdue(
    loan: Loan,
    *,
    overdue_since: date,
    principal_outstanding_fen: int,
    reported_on: date,
    today: date,
) -> tuple[Loan, OverdueReported]:
    """Record that payments are overdue (逾期)."""
    require_state(loan, *_OUTSTANDING)
    check_dates(
        ("overdue_since", overdue_since, loan.disbursed_on, reported_on),
        ("reported_on", reported_on, _newest(loan, overdue_since), today),
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
        reported_on=reported_on,
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
    require_state(loan, *_OUTSTANDING)
    earliest = _newest(loan, loan.overdue_since or loan.disbursed_on)
    check_dates(("classified_on", classified_on, earliest, today))
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
        reported_on=classified_on,
    )
    return classified, event


def settle(loan: Loan, *, settled_on: date, today: date) -> tuple[Loan, LoanSettled]:
    """Record that the loan was repaid in full (结清); a compensated one is closed."""
    require_state(loan, *_OUTSTANDING)
    check_dates(("settled_on", settled_on, _newest(loan, loan.disbursed_on), today))
    event = LoanSettled(loan_id=loan.id, uscc=loan.uscc.code, bank=loan.bank, settled_on=settled_on)
    settled = replace(
        loan,
        state=LoanState.SETTLED,
        settled_on=settled_on,
        principal_outstanding_fen=0,
        reported_on=settled_on,
    )
    return settled, event


def least_class(overdue_since: date | None, on: date) -> Classification:
    """Return the best class that the days overdue still allow."""
    if overdue_since is None:
        return "normal"
    days = (on - overdue_since).days
    return next((name for limit, name in _AT_LEAST if days > limit), "normal")


def _newest(loan: Loan, day: date | None) -> date | None:
    """Return the later of a day and the day of the newest report."""
    return max((known for known in (loan.reported_on, day) if known is not None), default=None)


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
