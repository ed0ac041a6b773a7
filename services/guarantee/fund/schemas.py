"""Requests and responses of the funds."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from services.guarantee.fund.rules import Account, Entry, PostingKind
from services.guarantee.fund.store import AccountSum, Balances, Booked, Statement, Stored
from shared.web.fields import Body, Day, Fen, Id, OrgCode, Row, Rows, View
from shared.web.paging import Page

Leverage = Annotated[
    int, Field(strict=True, ge=1, le=20, description="times the capital", examples=[10])
]


class OpenFund(Body):
    """An organisation opens its own fund; it may commit ``leverage`` times its capital."""

    fund: OrgCode
    leverage: Leverage


class EntryView(Row):
    """Debit and credit on one account: of one line of a posting, or of the ledger in all."""

    account: Annotated[Account, Field(examples=["cash"])]
    debit_fen: Fen
    credit_fen: Fen


def _entry_view(found: AccountSum | Entry) -> EntryView:
    return EntryView(account=found.account, debit_fen=found.debit_fen, credit_fen=found.credit_fen)


class FundView(View):
    """A fund's balances; ``free_fen`` is cash less reservations."""

    fund: OrgCode
    leverage: Leverage
    capital_fen: Fen
    cash_fen: Fen
    reserved_fen: Fen
    free_fen: Fen
    committed_fen: Fen
    capacity_fen: Annotated[Fen, Field(description="what may still be committed, fen")]
    opened_on: Day
    version: int = Field(examples=[3])
    accounts: list[EntryView] = Field(
        default_factory=list, description="the ledger's sums; on a read of one fund only"
    )

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show a stored fund without its ledger."""
        return cls._of(stored, [])

    @classmethod
    def with_ledger(cls, statement: Statement) -> Self:
        """Show a stored fund with its ledger's sums."""
        return cls._of(statement.stored, [_entry_view(account) for account in statement.sums])

    @classmethod
    def _of(cls, stored: Stored, accounts: list[EntryView]) -> Self:
        fund = stored.fund
        return cls(
            fund=fund.code,
            leverage=fund.leverage,
            capital_fen=fund.capital_fen,
            cash_fen=fund.cash_fen,
            reserved_fen=fund.reserved_fen,
            free_fen=fund.free_fen,
            committed_fen=fund.committed_fen,
            capacity_fen=fund.capacity_fen,
            opened_on=stored.opened_on,
            version=stored.version,
            accounts=accounts,
        )


class PostingView(View):
    """A balanced set of entries and what caused it: a guarantee, a claim, a recovery, an order."""

    posting_id: Id
    kind: Annotated[PostingKind, Field(examples=["capital_paid_in"])]
    cause_id: Id
    reverses: Id | None
    booked_on: Day
    valued_on: Day
    recorded_at: Annotated[datetime, Field(examples=["2026-03-02T01:00:00Z"])]
    position: int = Field(description="place in the ledger", examples=[17])
    note: Annotated[str, Field(examples=["示例市财政局"])]
    entries: Rows[EntryView]

    @classmethod
    def of(cls, booked: Booked) -> Self:
        """Show a posting."""
        posting = booked.posting
        return cls(
            posting_id=posting.posting_id,
            kind=posting.kind,
            cause_id=posting.cause_id,
            reverses=posting.reverses,
            booked_on=posting.booked_on,
            valued_on=posting.value_date,
            recorded_at=booked.recorded_at,
            position=booked.position,
            note=posting.note,
            entries=[_entry_view(entry) for entry in posting.entries],
        )


class BalanceView(View):
    """What an account stood at: debits less credits, the sign that its kind usually has."""

    account: Annotated[Account, Field(examples=["cash"])]
    debit_fen: Fen
    credit_fen: Fen
    balance_fen: Annotated[int, Field(description="debit less credit, fen", examples=[1_000_000])]

    @classmethod
    def of(cls, found: AccountSum) -> Self:
        """Show an account."""
        return cls(
            account=found.account,
            debit_fen=found.debit_fen,
            credit_fen=found.credit_fen,
            balance_fen=found.debit_fen - found.credit_fen,
        )


class BalancesView(View):
    """A fund's accounts as of days and a moment; with ``position`` the same answer comes again."""

    fund: OrgCode
    booked_on: Day | None
    valued_on: Day | None
    known_at: Annotated[datetime | None, Field(examples=["2026-03-02T01:00:00Z"])]
    position: int = Field(description="counted up to this place", examples=[17])
    accounts: list[BalanceView]

    @classmethod
    def of(cls, balances: Balances) -> Self:
        """Show what was added up."""
        counted = balances.counted
        return cls(
            fund=balances.fund,
            booked_on=counted.booked_on,
            valued_on=counted.valued_on,
            known_at=counted.known_at,
            position=counted.position or 0,
            accounts=[BalanceView.of(account) for account in balances.sums],
        )


FundPage = Page[FundView]
PostingPage = Page[PostingView]
