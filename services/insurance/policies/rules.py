"""Pilot policies: bound by a lead insurer with its co-insurers (共保), then paid.

Sources: the 2015 and 2019 first-set notices of 财政部 (the liability limit is at least the
equipment's value, for a key part at least twice it in the first year) and 保险法 for the contract.
The premium is limit × rate, a single amount, half up; the co-insurers' parts are one conserving
split of it.

Example: limit 40,000,000.00 yuan at 2.8 % is a premium of 1,120,000.00; shares 50/30/20 % make
560,000.00, 336,000.00 and 224,000.00.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.insurance.qualifications.rules import Qualification
from shared.errors import Conflict, Forbidden, Malformed, RuleViolation, Violation
from shared.events.insurance import CoInsurer, PolicyBound, PremiumPaid
from shared.money import PPM, Money, Rate, Rounding, Shares
from shared.uscc import Uscc

PolicyId = NewType("PolicyId", UUID)

KEY_PART_MULTIPLE = 2
MOST_INSURERS = 50


class PolicyState(StrEnum):
    """Where a policy stands."""

    BOUND = "bound"
    PREMIUM_PAID = "premium_paid"


class SharesRefused(Malformed):
    """The co-insurers' shares do not make one whole, or name an insurer twice."""

    code = "coinsurance-shares"
    title_zh = "共保份额无效"
    title_en = "Invalid co-insurance shares"


class LeadMustCall(RuleViolation):
    """The lead insurer binds: it stands first among the co-insurers."""

    code = "lead-insurer-first"
    title_zh = "首席承保人须为调用机构并列首位"
    title_en = "Lead insurer must be first"


class NotTheLead(Forbidden):
    """The lead insurer collects the whole premium; a co-insurer has no say in it."""

    code = "not-the-lead-insurer"
    title_zh = "仅首席承保人可登记保费"
    title_en = "Not the lead insurer"


class LimitBelowValue(RuleViolation):
    """The liability limit is below what the pilot's rule asks."""

    code = "limit-below-value"
    title_zh = "责任限额低于要求"
    title_en = "Liability limit too low"


class QualificationNotInForce(RuleViolation):
    """The product's qualification does not hold today."""

    code = "qualification-not-in-force"
    title_zh = "资格不在有效期内"
    title_en = "Qualification not in force"


class PremiumTooSmall(RuleViolation):
    """Limit and rate make no premium."""

    code = "premium-too-small"
    title_zh = "保费为零"
    title_en = "Premium too small"


class PremiumDiffers(RuleViolation):
    """What was paid is not the premium."""

    code = "premium-differs"
    title_zh = "实缴金额与保费不符"
    title_en = "Payment differs from the premium"


class PolicyStateConflict(Conflict):
    """The policy's state does not allow the command."""

    code = "policy-state"
    title_zh = "保单状态不允许该操作"
    title_en = "Policy state conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy; amounts in fen, the rate and the shares in ppm."""

    id: PolicyId
    qualification_id: UUID
    uscc: Uscc
    co_insurers: tuple[CoInsurer, ...]
    liability_limit_fen: int
    rate_ppm: int
    premium_fen: int
    bound_on: date
    state: PolicyState = PolicyState.BOUND
    paid_on: date | None = None

    @property
    def lead(self) -> str:
        """The insurer that binds, issues and settles first."""
        return self.co_insurers[0].insurer


def premium_of(*, liability_limit_fen: int, rate_ppm: int) -> Money:
    """Return limit × rate, a single amount, half up."""
    return Rate(rate_ppm).of(Money(liability_limit_fen), Rounding.HALF_UP)


def share_premium(
    premium: Money, shares: Sequence[tuple[str, int]], *, field: str = "/co_insurers"
) -> tuple[CoInsurer, ...]:
    """Split a premium among co-insurers in declared order; raises :class:`SharesRefused`.

    ``field`` is the JSON pointer of the shares in the request, for the refusal.
    """
    by_insurer = dict(shares)
    if len(by_insurer) != len(shares):
        raise _shares_refused("同一保险机构重复", "an insurer stands twice", field)
    if sum(by_insurer.values()) != PPM:
        raise _shares_refused(
            "份额之和须为 1,000,000 ppm", "shares must sum to 1,000,000 ppm", field
        )
    parts = Shares(by_insurer).split(premium)
    return tuple(
        CoInsurer(insurer=name, share_ppm=by_insurer[name], premium_fen=part.fen)
        for name, part in parts.items()
    )


def bind(policy: Policy, qualification: Qualification, *, by: str) -> tuple[Policy, PolicyBound]:
    """Bind a policy on a product whose qualification holds; see the module for the limit."""
    if not qualification.holds_on(policy.bound_on):
        raise QualificationNotInForce(f"qualification {qualification.id} does not hold today")
    if policy.lead != by:
        raise LeadMustCall("the calling insurer must stand first among the co-insurers")
    if policy.premium_fen == 0:
        raise PremiumTooSmall("limit and rate make a premium of 0 fen")
    least = least_limit(qualification)
    if policy.liability_limit_fen < least:
        violation = Violation(
            code="liability_limit",
            zh="整机不低于设备价值,关键零部件不低于其 2 倍",
            en="at least the equipment's value, twice it for a key part",
            field="/liability_limit_fen",
            limit=least,
            actual=policy.liability_limit_fen,
        )
        raise LimitBelowValue(violation.en, violations=(violation,))
    event = PolicyBound(
        policy_id=policy.id,
        qualification_id=policy.qualification_id,
        uscc=policy.uscc.code,
        lead_insurer=policy.lead,
        co_insurers=policy.co_insurers,
        liability_limit_fen=policy.liability_limit_fen,
        premium_fen=policy.premium_fen,
        bound_on=policy.bound_on,
    )
    return policy, event


def least_limit(qualification: Qualification) -> int:
    """Return the least liability limit in fen that the product's kind asks."""
    multiple = KEY_PART_MULTIPLE if qualification.equipment_kind == "key_part" else 1
    return multiple * qualification.equipment_value_fen


def pay_premium(
    policy: Policy, *, amount_fen: int, paid_on: date, by: str, today: date
) -> tuple[Policy, PremiumPaid]:
    """Record, as the lead insurer, that the insured paid the whole premium."""
    if policy.lead != by:
        raise NotTheLead(f"{by} does not lead policy {policy.id}")
    if policy.state is not PolicyState.BOUND:
        raise PolicyStateConflict(f"policy {policy.id} is {policy.state}")
    wrong = [
        Violation(code, zh, en, f"/{field}", limit, actual)
        for held, (code, zh, en, field, limit, actual) in (
            (
                amount_fen == policy.premium_fen,
                (
                    "premium",
                    "须等于保费",
                    "must equal the premium",
                    "amount_fen",
                    policy.premium_fen,
                    amount_fen,
                ),
            ),
            (
                policy.bound_on <= paid_on <= today,
                (
                    "date",
                    "不早于承保日且不晚于今日",
                    "not before binding, not after today",
                    "paid_on",
                    today.isoformat(),
                    paid_on.isoformat(),
                ),
            ),
        )
        if not held
    ]
    if wrong:
        raise PremiumDiffers("the payment is not this premium's", violations=tuple(wrong))
    event = PremiumPaid(policy_id=policy.id, premium_fen=amount_fen, paid_on=paid_on)
    return replace(policy, state=PolicyState.PREMIUM_PAID, paid_on=paid_on), event


def _shares_refused(zh: str, en: str, field: str) -> SharesRefused:
    return SharesRefused(en, violations=(Violation("shares", zh, en, field),))
