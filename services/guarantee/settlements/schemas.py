"""Requests and responses of the settlements."""

from typing import Annotated, Self

from pydantic import Field

from services.guarantee.claims.schemas import Reference
from services.guarantee.settlements.handlers import Outcome, Settlement
from services.guarantee.settlements.rules import Row
from shared.errors import Malformed
from shared.web.fields import Body, Day, Fen, Id, OrgCode, View
from shared.web.rows import RowNumber, RowRefusal, read_row, row_schema

MAX_ROWS = 5_000
"""The most payments of one batch: what fits into a command's ten seconds with room."""


class PaymentRow(Body):
    """The fund paid its leg of this claim."""

    claim_id: Id
    paid_on: Day
    reference: Reference


class Settle(Body):
    """The fund's payments, each of one claim."""

    rows: Annotated[
        list[Annotated[object, row_schema(PaymentRow)]], Field(min_length=1, max_length=MAX_ROWS)
    ]

    def given(self) -> list[Row | Malformed]:
        """Read every row as the rules' type, or as what is wrong with it."""
        return [_row(read_row(PaymentRow, given)) for given in self.rows]


def _row(read: PaymentRow | Malformed) -> Row | Malformed:
    return read if isinstance(read, Malformed) else Row(read.claim_id, read.paid_on, read.reference)


class SettledRow(View):
    """What became of one row, counted from 1: its posting, or why it was refused."""

    row: RowNumber
    claim_id: Id | None
    paid: bool = Field(examples=[True])
    amount_fen: Fen
    claim_settled: bool = Field(description="no leg is left to pay", examples=[False])
    posting_id: Id | None
    refusal: RowRefusal | None

    @classmethod
    def of(cls, number: int, outcome: Outcome) -> Self:
        """Show a row."""
        return cls(
            row=number,
            claim_id=outcome.claim_id,
            paid=outcome.refusal is None,
            amount_fen=outcome.amount_fen,
            claim_settled=outcome.settled,
            posting_id=outcome.posting_id,
            refusal=None if outcome.refusal is None else RowRefusal.of(outcome.refusal),
        )


class SettlementView(View):
    """A batch: what was paid in all, and every row in the order that it was sent in."""

    fund: OrgCode
    version: int = Field(examples=[1017])
    paid: int = Field(examples=[998])
    refused: int = Field(examples=[2])
    amount_fen: Fen
    rows: list[SettledRow]

    @classmethod
    def of(cls, settlement: Settlement) -> Self:
        """Show a batch."""
        rows = [SettledRow.of(n, outcome) for n, outcome in enumerate(settlement.outcomes, 1)]
        paid = sum(row.paid for row in rows)
        return cls(
            fund=settlement.fund,
            version=settlement.version,
            paid=paid,
            refused=len(rows) - paid,
            amount_fen=sum(row.amount_fen for row in rows),
            rows=rows,
        )
