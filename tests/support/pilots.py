"""A first-set machine for tests of insurance's rules: its qualification, policy and application."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from services.insurance.policies.rules import Policy, PolicyId, PolicyState, share_premium
from services.insurance.qualifications.rules import Qualification, QualificationId
from services.insurance.subsidies.rules import Subsidy, SubsidyId
from shared.money import Money
from shared.uscc import Uscc
from tests.support.city import FIRM

TODAY = date(2026, 3, 2)
LEAD, SECOND, THIRD = "insurer-lead", "insurer-co1", "insurer-co2"
PREMIUM_FEN = 112_000_000

_QUALIFICATION = Qualification(
    id=QualificationId(UUID(int=1)),
    uscc=Uscc(FIRM),
    pilot="first_set",
    equipment_kind="whole",
    product="示例首台套成型机",
    equipment_value_fen=4_000_000_000,
    quota_fen=70_000_000,
    confirmed_by="dept-gx",
    valid_from=TODAY,
    valid_to=date(2027, 3, 2),
)
_POLICY = Policy(
    id=PolicyId(UUID(int=2)),
    qualification_id=_QUALIFICATION.id,
    uscc=_QUALIFICATION.uscc,
    co_insurers=share_premium(
        Money(PREMIUM_FEN), [(LEAD, 500_000), (SECOND, 300_000), (THIRD, 200_000)]
    ),
    liability_limit_fen=4_000_000_000,
    rate_ppm=28_000,
    premium_fen=PREMIUM_FEN,
    bound_on=TODAY,
)
_SUBSIDY = Subsidy(
    id=SubsidyId(UUID(int=3)),
    policy_id=_POLICY.id,
    uscc=_POLICY.uscc,
    rule_pack="first-set-2025",
    filed_by="applicant",
    filed_on=TODAY,
)


def a_qualification(**changes: Any) -> Qualification:  # noqa: ANN401 - any field of it
    """A whole machine worth 40,000,000.00 yuan."""
    return replace(_QUALIFICATION, **changes)


def a_policy(**changes: Any) -> Policy:  # noqa: ANN401 - any field of it
    """A bound policy of three insurers; its premium is 1,120,000.00 yuan."""
    return replace(_POLICY, **changes)


def a_paid_policy(*, paid_on: date = TODAY) -> Policy:
    """The policy with its premium paid."""
    return a_policy(state=PolicyState.PREMIUM_PAID, paid_on=paid_on)


def a_subsidy(**changes: Any) -> Subsidy:  # noqa: ANN401 - any field of it
    """A filed application."""
    return replace(_SUBSIDY, **changes)
