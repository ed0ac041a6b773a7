"""Premium subsidies (保费补贴): filed after the premium is paid, decided by a rule pack.

Source: 工信部联重装〔2024〕89号 and the yearly calls; the figures are the pack's, and a pack is for
the pilots that its ``applies_to`` names. Eligibility comes before the application: the
qualification must have been confirmed before the premium was paid. Its quota is one for all its
policies, so an application gets at most what the earlier ones left of it; what is rejected takes
nothing.

Example (pack first-set-2025): premium paid 1,000,000.00 yuan, quota 700,000.00 → 700,000.00; a
second policy on the same product then gets nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from services.insurance.policies.rules import Policy, PolicyState
from services.insurance.qualifications.rules import Qualification
from shared.errors import (
    Conflict,
    FourEyes,
    RuleViolation,
    Violation,
)
from shared.events.insurance import SubsidyApproved, SubsidyFiled, SubsidyPaid, SubsidyRejected
from shared.rulepack.pack import Pack
from shared.rulepack.subsidies import SubsidyResult, quote_subsidy
from shared.uscc import Uscc

SubsidyId = NewType("SubsidyId", UUID)
DIGEST_PREFIX = "sha256:"


class SubsidyState(StrEnum):
    """Where an application stands."""

    FILED = "filed"
    APPROVED = "approved"
    REJECTED = "rejected"
    PAID = "paid"


class SubsidyStateConflict(Conflict):
    """The application's state does not allow the command."""

    code = "subsidy-state"
    title_zh = "补贴申请状态不允许该操作"
    title_en = "Subsidy state conflict"


class PremiumNotPaid(RuleViolation):
    """The subsidy is for premium paid; this premium is not."""

    code = "premium-not-paid"
    title_zh = "保费尚未缴纳"
    title_en = "Premium not paid"


class PackNotForPilot(RuleViolation):
    """The rule pack is another pilot's than the one that the product was recognised for."""

    code = "rule-pack-not-for-pilot"
    title_zh = "规则包不适用于该试点"
    title_en = "Rule pack of another pilot"
    action_zh = "请改用 applies_to 含该试点的规则包，见 GET /v1/rule-packs/{pack_id}。"
    action_en = "Use a pack whose applies_to names the pilot, see GET /v1/rule-packs/{pack_id}."


class PaymentDateInvalid(RuleViolation):
    """The payment is dated before the application, or in the future."""

    code = "subsidy-payment-date"
    title_zh = "补贴拨付日期无效"
    title_en = "Invalid subsidy payment date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subsidy:
    """One application; ``decision`` keeps inputs, figures and trace so that it can be run again."""

    id: SubsidyId
    policy_id: UUID
    uscc: Uscc
    rule_pack: str
    filed_by: str
    filed_on: date
    state: SubsidyState = SubsidyState.FILED
    decided_by: str | None = None
    decision: Mapping[str, Any] | None = None
    subsidy_fen: int | None = None
    paid_on: date | None = None


def file(
    subsidy: Subsidy, policy: Policy, qualification: Qualification, pack: Pack
) -> tuple[Subsidy, SubsidyFiled]:
    """File for a policy whose premium is paid, under a pack of its product's pilot.

    Raises :class:`PackNotForPilot` or :class:`PremiumNotPaid`.
    """
    if qualification.pilot not in pack.applies_to:
        violation = Violation(
            code="pilot",
            zh="该规则包不适用于产品审定的试点类别",
            en="is not a pack of the pilot that the product was recognised for",
            field="/rule_pack",
            limit=", ".join(pack.applies_to),
            actual=qualification.pilot,
        )
        raise PackNotForPilot(violation.en, violations=(violation,))
    if policy.state is not PolicyState.PREMIUM_PAID:
        raise PremiumNotPaid(f"the premium of policy {policy.id} is not paid")
    event = SubsidyFiled(
        subsidy_id=subsidy.id,
        policy_id=subsidy.policy_id,
        uscc=subsidy.uscc.code,
        filed_on=subsidy.filed_on,
    )
    return subsidy, event


def facts_of(
    policy: Policy, qualification: Qualification, *, confirmed_on: date
) -> dict[str, int | bool]:
    """Return the facts that a premium subsidy's pack reads."""
    paid_on = policy.paid_on
    return {
        "premium_paid_fen": policy.premium_fen,
        "quota_fen": qualification.quota_left_fen,
        "qualified_before_application": paid_on is not None and confirmed_on <= paid_on,
    }


def decide(
    subsidy: Subsidy, pack: Pack, facts: Mapping[str, int | bool], *, by: str
) -> tuple[Subsidy, SubsidyApproved | SubsidyRejected]:
    """Approve what the pack gives, or reject with its reason where it gives nothing."""
    if subsidy.state is not SubsidyState.FILED:
        raise SubsidyStateConflict(f"subsidy {subsidy.id} is {subsidy.state}")
    if subsidy.filed_by == by:
        raise FourEyes("who filed the application may not decide it")
    result = quote_subsidy(pack, facts=facts)
    decided = replace(
        subsidy,
        state=SubsidyState.APPROVED if result.subsidy_fen else SubsidyState.REJECTED,
        decided_by=by,
        decision=_record(result, facts),
        subsidy_fen=result.subsidy_fen,
    )
    if not result.subsidy_fen:
        reason = result.trace[-1]
        event = SubsidyRejected(
            subsidy_id=subsidy.id, policy_id=subsidy.policy_id, reason=f"{reason.zh} {reason.en}"
        )
        return decided, event
    return decided, SubsidyApproved(
        subsidy_id=subsidy.id,
        policy_id=subsidy.policy_id,
        premium_fen=result.gross_fen,
        subsidy_base_fen=result.base_fen,
        subsidy_fen=result.subsidy_fen,
        rule_pack_id=result.pack.id,
        rule_pack_version=result.pack.version,
        rule_pack_digest=result.pack.digest.removeprefix(DIGEST_PREFIX),
        approved_by=by,
    )


def pay(subsidy: Subsidy, *, paid_on: date, today: date) -> tuple[Subsidy, SubsidyPaid]:
    """Record that the subsidy was paid out, between its filing and today."""
    if subsidy.state is not SubsidyState.APPROVED or subsidy.subsidy_fen is None:
        raise SubsidyStateConflict(f"subsidy {subsidy.id} is {subsidy.state}")
    if not subsidy.filed_on <= paid_on <= today:
        violation = Violation(
            code="date",
            zh="不早于申请日且不晚于今日",
            en="not before filing, not after today",
            field="/paid_on",
            limit=f"{subsidy.filed_on}..{today}",
            actual=paid_on.isoformat(),
        )
        raise PaymentDateInvalid(violation.en, violations=(violation,))
    event = SubsidyPaid(
        subsidy_id=subsidy.id,
        policy_id=subsidy.policy_id,
        subsidy_fen=subsidy.subsidy_fen,
        paid_on=paid_on,
    )
    return replace(subsidy, state=SubsidyState.PAID, paid_on=paid_on), event


def _record(result: SubsidyResult, facts: Mapping[str, int | bool]) -> dict[str, Any]:
    return {
        "rule_pack": {
            "id": result.pack.id,
            "version": result.pack.version,
            "digest": result.pack.digest,
        },
        "facts": dict(facts),
        "premium_fen": result.gross_fen,
        "subsidy_base_fen": result.base_fen,
        "subsidy_fen": result.subsidy_fen,
        "trace": [step.as_json() for step in result.trace],
    }
