"""Losses (风险分担): the split of one approved claim, and its legs from due to paid to recovered.

Sources: the rule pack that the guarantee pinned at enrolment; 民法典 art. 700 (recourse within what
was paid). The split itself is the mechanism's; here it becomes legs that organisations owe, and a
record from which it can be run again: the same inputs give the same digest for ever.

Example: covered 400,000,000 fen, outstanding 333,333,333 fen, tier 35 % of ``nfgf-scitech-2024``:
bank 66,666,667, national fund 116,666,666, province 66,666,667, guarantor 83,333,333.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.guarantee.guarantees.rules import Cover
from services.guarantee.programmes.rules import PinnedPack
from shared.errors import Conflict, Forbidden, NotFound, RuleViolation, Violation, ensure
from shared.events import guarantee as events
from shared.events import guarantee_parts as parts
from shared.rulepack.splitting import SplitResult


class SplitNotFound(NotFound):
    """The claim has not been approved, so its loss is not split."""

    code = "split-not-found"
    title_zh = "尚未计算分担"
    title_en = "Loss not split yet"


class LegNotFound(NotFound):
    """The split gives this party no leg."""

    code = "leg-not-found"
    title_zh = "未找到该方分担"
    title_en = "Leg not found"


class ApprovalAboveLimit(Forbidden):
    """The loss is above what this approver may approve in the programme."""

    code = "approval-above-limit"
    title_zh = "超出复核权限"
    title_en = "Above the approver's limit"
    action_zh = "请由具备大额复核权限的人员办理。"
    action_en = "Let somebody approve who holds the right for large losses."


class NotTheDebtor(Forbidden):
    """An organisation pays its own leg only."""

    code = "not-the-debtor"
    title_zh = "只能支付本机构分担额"
    title_en = "Not your leg"


class LegNotDue(Conflict):
    """The leg is paid already, or is nothing."""

    code = "leg-not-due"
    title_zh = "该方分担无待付金额"
    title_en = "Leg not due"


class PaymentDateInvalid(RuleViolation):
    """A payment lies in the future or before the claim was decided."""

    code = "payment-date-invalid"
    title_zh = "支付日期无效"
    title_en = "Invalid payment date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """What one party bears, its arithmetic, when it is due, was paid, and what came back to it."""

    party: str
    org: str
    share_ppm: int
    base_fen: int
    capped_fen: int
    overflow_fen: int
    due_on: date
    paid_on: date | None = None
    reference: str | None = None
    recovered_fen: int = 0

    @property
    def amount_fen(self) -> int:
        """What the party bears."""
        return self.capped_fen + self.overflow_fen

    @property
    def is_due(self) -> bool:
        """Tell whether something is left to pay."""
        return self.amount_fen > 0 and self.paid_on is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The whole decision: pack, inputs, counters as they stood, what they moved by, explanation.

    ``POST /v1/loss-splits/quote`` with these inputs gives the same digest, years later too.
    """

    pack: PinnedPack
    tier: str
    on: date
    loss_fen: int
    recovered_fen: int
    eligible_loss_fen: int
    facts: Mapping[str, object]
    counters: Mapping[str, int]
    counter_moves: Mapping[str, int]
    year: int
    trace: tuple[Mapping[str, Any], ...]
    digest: str
    decided_on: date


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with its legs and its place among all decisions of its year."""

    position: int
    claim_id: UUID
    split: Split
    legs: tuple[Leg, ...]


def split_of(
    result: SplitResult,
    *,
    cover: Cover,
    loss_fen: int,
    recovered_fen: int,
    counters: Mapping[str, int],
    today: date,
) -> tuple[Split, tuple[Leg, ...]]:
    """Keep a split with its inputs, and make the legs; every leg above 0 falls due."""
    ensure(not result.caps_not_applied, "a decision applies every cap")
    ensure(
        (result.pack.id, result.pack.version, result.pack.digest)
        == (cover.pack.id, cover.pack.version, cover.pack.digest),
        "a loss is split by the pack of its enrolment",
    )
    due_on = today + timedelta(days=cover.due_days)
    legs = tuple(
        Leg(
            party=leg.party,
            org=cover.org_of(leg.party),
            share_ppm=leg.share_ppm,
            base_fen=leg.base_fen,
            capped_fen=leg.capped_fen,
            overflow_fen=leg.overflow_fen,
            due_on=due_on,
        )
        for leg in result.legs
    )
    split = Split(
        pack=cover.pack,
        tier=result.tier,
        on=cover.issued_on,
        loss_fen=loss_fen,
        recovered_fen=recovered_fen,
        eligible_loss_fen=result.eligible_loss_fen,
        facts=cover.facts,
        counters=counters,
        counter_moves=result.counter_moves,
        year=today.year,
        trace=tuple(step.as_json() for step in result.trace),
        digest=result.digest,
        decided_on=today,
    )
    return split, legs


def leg_of(legs: Sequence[Leg], party: str) -> Leg:
    """Return a party's leg; raises :class:`LegNotFound`."""
    for leg in legs:
        if leg.party == party:
            return leg
    raise LegNotFound(f"the split has no leg of {party}")


def require_approval(loss_fen: int, limit_fen: int | None, *, approves_large: bool) -> None:
    """Raise :class:`ApprovalAboveLimit` for a loss that takes the larger right to approve it."""
    if limit_fen is not None and loss_fen > limit_fen and not approves_large:
        zh, en = f"损失超过 {limit_fen} 分", f"the loss is above {limit_fen} fen"
        found = Violation("approval-limit", zh, en, None, limit_fen, loss_fen)
        raise ApprovalAboveLimit(en, violations=(found,))


def pay(leg: Leg, *, org: str, paid_on: date, reference: str, since: date, today: date) -> Leg:
    """Record that a party paid its leg; the bank confirms in the same way that it bears its own.

    Late payments are taken: the process marks the lateness. Raises :class:`NotTheDebtor`,
    :class:`LegNotDue`, :class:`PaymentDateInvalid` unless ``since`` <= ``paid_on`` <= ``today``.
    """
    if org != leg.org:
        raise NotTheDebtor(f"the leg of {leg.party} is not this organisation's")
    if not leg.is_due:
        raise LegNotDue(f"the leg of {leg.party} is paid or is nothing")
    if not since <= paid_on <= today:
        zh, en = f"支付日期须在 {since} 至今日之间", f"must lie between {since} and today"
        found = Violation("date", zh, en, "/paid_on", str(today), str(paid_on))
        raise PaymentDateInvalid(en, violations=(found,))
    return replace(leg, paid_on=paid_on, reference=reference)


def replaced(legs: Sequence[Leg], changed: Leg) -> tuple[Leg, ...]:
    """Return the legs with one of them changed."""
    return tuple(changed if leg.party == changed.party else leg for leg in legs)


def all_paid(legs: Sequence[Leg]) -> bool:
    """Tell whether nothing is left to pay."""
    return not any(leg.is_due for leg in legs)


def recovered(legs: Sequence[Leg], received: Mapping[str, int]) -> tuple[Leg, ...]:
    """Add to each leg what came back to its party, never above what it bore."""
    after = tuple(
        replace(leg, recovered_fen=leg.recovered_fen + received.get(leg.party, 0)) for leg in legs
    )
    ensure(
        all(leg.recovered_fen <= leg.amount_fen for leg in after),
        "no party recovers more than it bore",
    )
    return after


def calculated(
    split: Split,
    legs: Sequence[Leg],
    *,
    claim_id: UUID,
    guarantee_id: UUID,
    loan_id: UUID,
    programme: str,
) -> events.LossSplitCalculated:
    """Say how a claim's loss was split, and by which pack."""
    return events.LossSplitCalculated(
        claim_id=claim_id,
        guarantee_id=guarantee_id,
        loan_id=loan_id,
        programme=programme,
        eligible_loss_fen=split.eligible_loss_fen,
        legs=_contract_legs(legs),
        rule_pack_id=split.pack.id,
        rule_pack_version=split.pack.version,
        rule_pack_digest=split.pack.digest_hex,
    )


def legs_due(claim_id: UUID, legs: Sequence[Leg]) -> tuple[events.LegDue, ...]:
    """Say what each party owes, and by when."""
    return tuple(
        events.LegDue(
            claim_id=claim_id,
            party=leg.party,
            org=leg.org,
            amount_fen=leg.amount_fen,
            due_on=leg.due_on,
        )
        for leg in legs
        if leg.is_due
    )


def _contract_legs(legs: Sequence[Leg]) -> tuple[parts.Leg, ...]:
    return tuple(
        parts.Leg(
            party=leg.party,
            org=leg.org,
            share_ppm=leg.share_ppm,
            base_fen=leg.base_fen,
            capped_fen=leg.capped_fen,
            overflow_fen=leg.overflow_fen,
            amount_fen=leg.amount_fen,
        )
        for leg in legs
    )
