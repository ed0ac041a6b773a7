"""Use case of the settlements: pay a fund's legs of many claims in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.guarantee.claims import handlers as claims
from services.guarantee.claims.handlers import PaidCase
from services.guarantee.claims.rules import ClaimState
from services.guarantee.fund import handlers as funds
from services.guarantee.fund.handlers import LegToPay
from services.guarantee.settlements import rules
from services.guarantee.settlements.rules import Open, Payment, Row
from shared.db.database import Transaction
from shared.errors import DomainError, Malformed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row: the amount and its posting, or a refusal."""

    claim_id: UUID | None
    amount_fen: int = 0
    settled: bool = False
    posting_id: UUID | None = None
    refusal: DomainError | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a batch, row by row, and the fund's version after it."""

    fund: str
    version: int
    outcomes: Sequence[Outcome]


async def settle(
    work: Transaction, fund: str, rows: Sequence[Row | Malformed], *, reader: str
) -> Settlement:
    """Pay the fund's own leg of every claim that can be paid; the others say why not.

    Locks the claims in order of their ids, then their processes, then the fund. Raises
    FundNotFound for who may not see it.
    """
    await funds.require_seen(work, fund, reader=reader)
    cases = await claims.lock_for_payment(
        work, [row.claim_id for row in rows if isinstance(row, Row)], reader=reader
    )
    opened = {found: Open(case.claim, case.legs) for found, case in cases.items()}
    judged = rules.judge(rows, opened, fund=fund, today=work.today)
    paid = [each for each in judged if isinstance(each, Payment)]
    if not paid:
        version = (await funds.get(work, fund)).version
        return Settlement(fund, version, _outcomes(rows, judged, {}))
    await claims.save_payments(
        work,
        [PaidCase(p.claim, cases[p.claim.id].version, p.leg, p.events) for p in paid],
    )
    stored, booked = await funds.pay_legs(
        work,
        fund,
        [LegToPay(p.claim.id, p.leg.amount_fen, p.leg.paid_on or work.today) for p in paid],
    )
    postings = {posting.cause_id: posting.posting_id for posting in booked}
    return Settlement(fund, stored.version, _outcomes(rows, judged, postings))


def _outcomes(
    rows: Sequence[Row | Malformed], judged: Sequence[rules.Judged], postings: Mapping[UUID, UUID]
) -> list[Outcome]:
    return [_outcome(row, each, postings) for row, each in zip(rows, judged, strict=True)]


def _outcome(row: Row | Malformed, judged: rules.Judged, postings: Mapping[UUID, UUID]) -> Outcome:
    if isinstance(judged, Payment):
        return Outcome(
            judged.claim.id,
            amount_fen=judged.leg.amount_fen,
            settled=judged.claim.state is ClaimState.SETTLED,
            posting_id=postings[judged.claim.id],
        )
    return Outcome(row.claim_id if isinstance(row, Row) else None, refusal=judged)
