"""Recoveries (追偿): cash that came back after the loss was borne.

Sources: 民法典 art. 561 (costs before principal) and 700 (recourse within what was paid); pari
passu by borne loss, as loss-sharing agreements usually have it. Agreed costs are paid first, the
rest goes to the parties in proportion of what they still miss, and nobody receives more than it
bore. What is beyond all losses is the debtor's: it must be declared, and is recorded.

The claim deducts what the bank recovered before the filing, so cash that came on the day of the
filing or later is shared, also if the claim was approved after that. A closed claim ends the
guarantee, not the debt: cash that comes later still is shared in the same way.

Example: borne 130,000,000 / 40,000,000 / 30,000,000 fen; cash 80,000,000 with costs of 5,000,000
gives 48,750,000 / 15,000,000 / 11,250,000.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, NewType
from uuid import UUID

from services.guarantee.claims.rules import Claim, ClaimState
from services.guarantee.losses.rules import Leg
from shared.errors import Conflict, RuleViolation, Violation, ensure
from shared.events import guarantee as events
from shared.events import guarantee_parts as parts
from shared.rulepack.splitting import RecoverySplit, split_recovery

RecoveryId = NewType("RecoveryId", UUID)


class RecoveryBooked(Conflict):
    """The claim has a recovery of the same reference."""

    code = "recovery-booked"
    title_zh = "该追偿款已登记"
    title_en = "Recovery booked before"


class SurplusUndeclared(RuleViolation):
    """More came back than was lost, and the caller did not say so."""

    code = "surplus-undeclared"
    title_zh = "追偿超出全部损失"
    title_en = "More came back than was lost"
    action_zh = "超出部分应退还债务人，请在 surplus_fen 中如实申报后重试。"
    action_en = "The surplus is the debtor's: declare it in surplus_fen, then send it again."


class ReceiptDateInvalid(RuleViolation):
    """The cash came in the future, or before the claim was filed."""

    code = "receipt-date-invalid"
    title_zh = "到账日期无效"
    title_en = "Invalid receipt date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the guarantor says came in; ``surplus_fen`` is what it declares to be the debtor's."""

    cash_fen: int
    costs_fen: int
    surplus_fen: int
    received_on: date
    reference: str


class Allocation(NamedTuple):
    """What one party receives."""

    party: str
    org: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """One receipt, shared: Σ allocations + ``costs_paid_fen`` + ``surplus_fen`` = the cash."""

    id: RecoveryId
    claim_id: UUID
    receipt: Receipt
    costs_paid_fen: int
    allocations: tuple[Allocation, ...]
    recorded_by: str
    trace: tuple[Mapping[str, Any], ...]

    @property
    def received(self) -> dict[str, int]:
        """Fen by party."""
        return {each.party: each.amount_fen for each in self.allocations}


def allocate(
    recovery_id: RecoveryId,
    claim: Claim,
    legs: Sequence[Leg],
    receipt: Receipt,
    *,
    by: str,
    org: str,
    today: date,
) -> tuple[Recovery, events.RecoveryAllocated]:
    """Share a receipt among those who bore the loss of a settled or closed claim.

    Raises ``NotTheGuarantor``, ``ClaimInOtherState``, :class:`ReceiptDateInvalid`,
    :class:`SurplusUndeclared`.
    """
    claim.require_guarantor(org)
    claim.require(ClaimState.SETTLED, ClaimState.CLOSED)
    _require_date(claim, receipt, today)
    shared = split_recovery(
        {leg.party: leg.amount_fen for leg in legs},
        cash_fen=receipt.cash_fen,
        costs_fen=receipt.costs_fen,
        recovered_before={leg.party: leg.recovered_fen for leg in legs},
    )
    _require_surplus(receipt, shared)
    orgs = {leg.party: leg.org for leg in legs}
    recovery = Recovery(
        id=recovery_id,
        claim_id=claim.id,
        receipt=receipt,
        costs_paid_fen=shared.costs_paid_fen,
        allocations=tuple(
            Allocation(leg.party, orgs[leg.party], leg.amount_fen) for leg in shared.legs
        ),
        recorded_by=by,
        trace=tuple(step.as_json() for step in shared.trace),
    )
    shared_out = sum(recovery.received.values()) + shared.costs_paid_fen + shared.surplus_fen
    ensure(shared_out == receipt.cash_fen, "a recovery conserves the cash")
    return recovery, _allocated(recovery)


def _require_date(claim: Claim, receipt: Receipt, today: date) -> None:
    since = claim.filed_on
    if not since <= receipt.received_on <= today:
        zh, en = f"到账日期须在 {since} 至今日之间", f"must lie between {since} and today"
        found = Violation("date", zh, en, "/received_on", str(today), str(receipt.received_on))
        raise ReceiptDateInvalid(en, violations=(found,))


def _require_surplus(receipt: Receipt, shared: RecoverySplit) -> None:
    if receipt.surplus_fen != shared.surplus_fen:
        zh = f"超出费用与全部未收回损失的金额为 {shared.surplus_fen} 分"
        en = f"{shared.surplus_fen} fen are beyond costs and all that is still missing"
        found = Violation(
            "surplus", zh, en, "/surplus_fen", shared.surplus_fen, receipt.surplus_fen
        )
        raise SurplusUndeclared(en, violations=(found,))


def _allocated(recovery: Recovery) -> events.RecoveryAllocated:
    return events.RecoveryAllocated(
        claim_id=recovery.claim_id,
        recovery_id=recovery.id,
        cash_fen=recovery.receipt.cash_fen,
        costs_paid_fen=recovery.costs_paid_fen,
        surplus_fen=recovery.receipt.surplus_fen,
        allocations=tuple(
            parts.Allocation(party=each.party, org=each.org, amount_fen=each.amount_fen)
            for each in recovery.allocations
        ),
        received_on=recovery.receipt.received_on,
    )
