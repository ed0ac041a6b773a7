"""Paying many claims at once (批量划付): a fund's own legs, row by row, under one lock.

At the end of a year a fund pays thousands of approved claims. Each row is judged by the rules of a
single payment; one that is refused says why and does not stop the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.guarantee.claims import rules as claims
from services.guarantee.claims.rules import Claim, ClaimNotFound, ClaimState
from services.guarantee.losses import rules as losses
from services.guarantee.losses.rules import Leg
from shared.errors import Conflict, DomainError, Malformed
from shared.events.envelope import Event


class RowRepeated(Conflict):
    """An earlier row of the same batch names the claim."""

    code = "row-repeated"
    title_zh = "同一批次内重复"
    title_en = "Repeated in this batch"
    action_zh = "请删除重复行。"
    action_en = "Remove the repeated row."


class OtherFund(Conflict):
    """The claim's share is paid by another fund."""

    code = "other-fund"
    title_zh = "该代偿由其他基金分担"
    title_en = "Another fund's claim"


@dataclass(frozen=True, slots=True)
class Row:
    """One payment: whose claim, when the money moved, under which reference."""

    claim_id: UUID
    paid_on: date
    reference: str


@dataclass(frozen=True, slots=True)
class Open:
    """A locked claim and its legs."""

    claim: Claim
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Payment:
    """A row that was taken: the claim after it, the leg, what to publish."""

    claim: Claim
    leg: Leg
    events: tuple[Event, ...]


Judged = Payment | DomainError


def judge(
    rows: Sequence[Row | Malformed], opened: Mapping[UUID, Open], *, fund: str, today: date
) -> tuple[Judged, ...]:
    """Judge each row in order; a refusal takes the place of a payment."""
    seen: set[UUID] = set()
    judged: list[Judged] = []
    for row in rows:
        if isinstance(row, Malformed):
            judged.append(row)
            continue
        if row.claim_id in seen:
            judged.append(RowRepeated(f"claim {row.claim_id} stands in an earlier row"))
            continue
        seen.add(row.claim_id)
        judged.append(_judged(row, opened, fund=fund, today=today))
    return tuple(judged)


def _judged(row: Row, opened: Mapping[UUID, Open], *, fund: str, today: date) -> Judged:
    try:
        return _pay(row, opened, fund=fund, today=today)
    except DomainError as refusal:
        return refusal


def _pay(row: Row, opened: Mapping[UUID, Open], *, fund: str, today: date) -> Payment:
    found = opened.get(row.claim_id)
    if found is None:
        raise ClaimNotFound(f"no claim {row.claim_id}")
    claim = found.claim
    if claim.fund != fund:
        raise OtherFund(f"claim {claim.id} is shared by another fund")
    claim.require(ClaimState.APPROVED)
    leg = losses.pay(
        losses.leg_of(found.legs, claim.ledger_party),
        org=fund,
        paid_on=row.paid_on,
        reference=row.reference,
        since=claim.approved_on or today,
        today=today,
    )
    after, events = claims.record_payment(claim, leg, losses.replaced(found.legs, leg), today=today)
    return Payment(after, leg, events)
