"""Pilot qualifications (资格审定): the department recognises a product before money is asked.

Sources: 工信部联重装〔2024〕89号 (two steps: eligibility review, then fund application) and the
yearly call 工信厅联重装〔2025〕46号. A qualification carries the subsidy's allotted quota and a
half-open period. The quota is the product's, however many policies insure it: what was approved for
one of them is not left for the next.

Example: quota 700,000.00 yuan, 500,000.00 approved for one policy → 200,000.00 are left for others.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, NewType, get_args
from uuid import UUID

from shared.errors import RuleViolation, Violation, ensure
from shared.events.insurance import Pilot, QualificationConfirmed
from shared.uscc import Uscc

QualificationId = NewType("QualificationId", UUID)

EquipmentKind = Literal["whole", "key_part"]
"""整机 or 关键零部件."""

PILOTS = get_args(Pilot)


class PilotPeriodInvalid(RuleViolation):
    """The qualification's period is empty or over."""

    code = "pilot-period-invalid"
    title_zh = "资格有效期无效"
    title_en = "Invalid qualification period"


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualification:
    """One recognised product; ``valid_to`` is exclusive, amounts are fen.

    ``subsidised_fen`` is what its approved and paid applications take of the quota.
    """

    id: QualificationId
    uscc: Uscc
    pilot: Pilot
    equipment_kind: EquipmentKind
    product: str
    equipment_value_fen: int
    quota_fen: int
    confirmed_by: str
    valid_from: date
    valid_to: date
    subsidised_fen: int = 0

    @property
    def quota_left_fen(self) -> int:
        """What the next application may take."""
        return self.quota_fen - self.subsidised_fen

    def holds_on(self, day: date) -> bool:
        """Tell whether the product may be insured as a pilot on a business date."""
        return self.valid_from <= day < self.valid_to


def confirm(
    qualification: Qualification, *, today: date
) -> tuple[Qualification, QualificationConfirmed]:
    """Recognise a product; raises :class:`PilotPeriodInvalid`."""
    if qualification.valid_to <= max(today, qualification.valid_from):
        violation = Violation(
            code="period",
            zh="止期须晚于起期与今日",
            en="must be after valid_from and today",
            field="/valid_to",
            actual=qualification.valid_to.isoformat(),
        )
        raise PilotPeriodInvalid(violation.en, violations=(violation,))
    event = QualificationConfirmed(
        qualification_id=qualification.id,
        uscc=qualification.uscc.code,
        pilot=qualification.pilot,
        product=qualification.product,
        quota_fen=qualification.quota_fen,
        confirmed_by=qualification.confirmed_by,
        valid_from=qualification.valid_from,
        valid_to=qualification.valid_to,
    )
    return qualification, event


def take_quota(qualification: Qualification, amount_fen: int) -> Qualification:
    """Count an approved subsidy against the quota, of which that much is left."""
    ensure(0 <= amount_fen <= qualification.quota_left_fen, "a subsidy fits what is left")
    return replace(qualification, subsidised_fen=qualification.subsidised_fen + amount_fen)
