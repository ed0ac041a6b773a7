"""The credit-guarantee fund (信保基金) and its ledger: double entry, append-only, never overdrawn.

Sources: docs/architecture.md; fund rules such as 徐州 2018 and 仪征 2025 (lending at most a
multiple of the capital). Every movement is a posting whose debits equal its credits. Cash and
capital are real accounts; commitments (enrolled × the fund's share) and reservations (legs approved
and not yet paid) are memorandum accounts with a contra each. The fund's row carries the balances
that limits are held against, under its lock: cash ≥ 0, reserved ≤ cash, committed ≤ leverage ×
capital.

Example: capital 1,000,000 fen, leverage 10: commitments up to 10,000,000 fen. A leg of 300,000 fen
reserves cash on approval; paying it debits compensation_paid and credits cash by 300,000 and takes
the reservation back, all in one posting.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.errors import Conflict, Forbidden, NotFound, RuleViolation, Violation, ensure
from shared.events.guarantee_fund import (
    FundClaimReserved,
    FundCommitmentReleased,
    FundCommitmentReserved,
    FundCredited,
    FundDebited,
)
from shared.money import Money


class FundExists(Conflict):
    """The organisation opened its fund before."""

    code = "fund-exists"
    title_zh = "基金已开立"
    title_en = "Fund exists"


class FundNotFound(NotFound):
    """No such fund, or not for this organisation."""

    code = "fund-not-found"
    title_zh = "未找到基金"
    title_en = "Fund not found"


class ForeignFund(Forbidden):
    """An organisation opens a fund under its own code only."""

    code = "foreign-fund"
    title_zh = "只能开立本机构的基金"
    title_en = "Not your fund"


class FundShort(RuleViolation):
    """The fund's free cash does not cover the amount."""

    code = "fund-short"
    title_zh = "基金可用余额不足"
    title_en = "Fund short of free cash"


class FundCapacityExhausted(RuleViolation):
    """Commitments would exceed leverage × capital."""

    code = "fund-capacity-exhausted"
    title_zh = "基金放大额度已用尽"
    title_en = "Fund capacity exhausted"


class NothingReserved(Conflict):
    """Less is set aside for the cause than the movement takes back."""

    code = "nothing-reserved"
    title_zh = "未预留相应资金"
    title_en = "Nothing reserved"


class PostingNotFound(NotFound):
    """The fund has no such posting."""

    code = "posting-not-found"
    title_zh = "未找到记账凭证"
    title_en = "Posting not found"


class Account(StrEnum):
    """The accounts of every fund."""

    CASH = "cash"
    CAPITAL = "capital"
    COMMITMENTS = "commitments"
    COMMITMENTS_CONTRA = "commitments_contra"
    RESERVED = "reserved"
    RESERVED_CONTRA = "reserved_contra"
    COMPENSATION_PAID = "compensation_paid"
    RECOVERIES = "recoveries"


class PostingKind(StrEnum):
    """Why something was booked."""

    CAPITAL_PAID_IN = "capital_paid_in"
    CAPITAL_RETURNED = "capital_returned"
    COMMITMENT_RESERVED = "commitment_reserved"
    COMMITMENT_RELEASED = "commitment_released"
    CLAIM_RESERVED = "claim_reserved"
    LEG_PAID = "leg_paid"
    RECOVERY_RECEIVED = "recovery_received"
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a posting: a positive amount on one side of one account."""

    account: Account
    debit_fen: int = 0
    credit_fen: int = 0

    def __post_init__(self) -> None:
        """Refuse a line that books nothing, both sides, or a negative amount."""
        one_side = self.debit_fen == 0 or self.credit_fen == 0
        if not one_side or self.debit_fen + self.credit_fen <= 0:
            raise ValueError("an entry books a positive amount on exactly one side")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A balanced set of entries; ``cause_id`` names the guarantee, claim, recovery or order.

    ``booked_on`` is the business date of the booking (记账日); ``valued_on`` is when the money
    moved (起息日), where that was another day.
    """

    posting_id: UUID
    fund: str
    kind: PostingKind
    cause_id: UUID
    booked_on: date
    entries: tuple[Entry, ...]
    note: str = ""
    reverses: UUID | None = None
    valued_on: date | None = None

    def __post_init__(self) -> None:
        """Refuse a set whose debits and credits differ: the ledger would not balance."""
        if not self.entries or sum([e.debit_fen - e.credit_fen for e in self.entries]) != 0:
            raise ValueError("a posting's debits equal its credits and are not nothing")
        ensure(self.value_date <= self.booked_on, "what is booked has happened")

    @property
    def value_date(self) -> date:
        """When the money moved."""
        return self.booked_on if self.valued_on is None else self.valued_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Fund:
    """A fund's balances in fen and how many times its capital it may commit."""

    code: str
    leverage: int
    capital_fen: int = 0
    cash_fen: int = 0
    committed_fen: int = 0
    reserved_fen: int = 0

    def __post_init__(self) -> None:
        """Hold the limits: whoever constructs a fund beyond them has made a mistake."""
        ensure(0 <= self.reserved_fen <= self.cash_fen, "reservations are covered by cash")
        ensure(
            0 <= self.committed_fen <= self.leverage * self.capital_fen,
            "commitments are covered by capital",
        )

    @property
    def free_fen(self) -> int:
        """Cash that is not set aside for an approved claim."""
        return self.cash_fen - self.reserved_fen

    @property
    def capacity_fen(self) -> int:
        """What may still be committed."""
        return self.leverage * self.capital_fen - self.committed_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What every movement needs from outside: its id, its cause, its business date, its value date.

    ``valued_on`` is None where the money moves on the day of the booking.
    """

    posting_id: UUID
    cause_id: UUID
    booked_on: date
    note: str = ""
    valued_on: date | None = None


def capacity_refusal(fund: Fund, *, amount_fen: int) -> Violation | None:
    """Say why a commitment does not fit under leverage × capital, or nothing."""
    if amount_fen <= fund.capacity_fen:
        return None
    left = Money(fund.capacity_fen).yuan()
    return Violation(
        code=FundCapacityExhausted.code,
        zh=f"基金剩余可承诺额 {left} 元，不足本笔分担额",
        en=f"the fund can commit {left} yuan more, less than its share of this guarantee",
        field="/amount_fen",
        limit=fund.capacity_fen,
        actual=amount_fen,
    )


def reserve_commitment(
    fund: Fund, slip: Slip, *, amount_fen: int
) -> tuple[Fund, Posting, FundCommitmentReserved]:
    """Commit capacity to a guarantee; raises :class:`FundCapacityExhausted`."""
    refusal = capacity_refusal(fund, amount_fen=amount_fen)
    if refusal is not None:
        raise FundCapacityExhausted(f"fund {fund.code} cannot commit it", violations=(refusal,))
    lines = transfer(Account.COMMITMENTS, Account.COMMITMENTS_CONTRA, amount_fen)
    posting = posting_of(fund, slip, PostingKind.COMMITMENT_RESERVED, lines)
    event = FundCommitmentReserved(
        fund=fund.code,
        posting_id=posting.posting_id,
        guarantee_id=slip.cause_id,
        amount_fen=amount_fen,
    )
    return applied(fund, posting), posting, event


def release_commitment(
    fund: Fund, slip: Slip, *, amount_fen: int
) -> tuple[Fund, Posting, FundCommitmentReleased]:
    """Free the capacity of a guarantee that has ended; raises :class:`NothingReserved`."""
    if amount_fen > fund.committed_fen:
        raise NothingReserved(f"fund {fund.code} has committed less than {amount_fen} fen")
    lines = transfer(Account.COMMITMENTS_CONTRA, Account.COMMITMENTS, amount_fen)
    posting = posting_of(fund, slip, PostingKind.COMMITMENT_RELEASED, lines)
    event = FundCommitmentReleased(
        fund=fund.code,
        posting_id=posting.posting_id,
        guarantee_id=slip.cause_id,
        amount_fen=amount_fen,
    )
    return applied(fund, posting), posting, event


def reserve_for_claim(
    fund: Fund, slip: Slip, *, amount_fen: int
) -> tuple[Fund, Posting, FundClaimReserved]:
    """Set cash aside for an approved leg; raises :class:`FundShort`."""
    if amount_fen > fund.free_fen:
        raise FundShort(
            f"fund {fund.code} has {fund.free_fen} fen free, the leg is {amount_fen}",
            violations=(short(fund, amount_fen),),
        )
    lines = transfer(Account.RESERVED, Account.RESERVED_CONTRA, amount_fen)
    posting = posting_of(fund, slip, PostingKind.CLAIM_RESERVED, lines)
    event = FundClaimReserved(
        fund=fund.code,
        posting_id=posting.posting_id,
        claim_id=slip.cause_id,
        amount_fen=amount_fen,
    )
    return applied(fund, posting), posting, event


def pay_leg(
    fund: Fund, slip: Slip, *, amount_fen: int, reserved_fen: int
) -> tuple[Fund, Posting, FundDebited]:
    """Pay a leg out of what is reserved for its claim; raises :class:`NothingReserved`."""
    if amount_fen > reserved_fen:
        raise NothingReserved(f"{reserved_fen} fen are reserved for claim {slip.cause_id}")
    lines = (
        *transfer(Account.COMPENSATION_PAID, Account.CASH, amount_fen),
        *transfer(Account.RESERVED_CONTRA, Account.RESERVED, amount_fen),
    )
    posting = posting_of(fund, slip, PostingKind.LEG_PAID, lines)
    event = FundDebited(
        fund=fund.code,
        posting_id=posting.posting_id,
        claim_id=slip.cause_id,
        amount_fen=amount_fen,
    )
    return applied(fund, posting), posting, event


def receive_recovery(
    fund: Fund, slip: Slip, *, claim_id: UUID, amount_fen: int
) -> tuple[Fund, Posting, FundCredited]:
    """Receive the fund's part of a recovery: debit cash, credit recoveries."""
    lines = transfer(Account.CASH, Account.RECOVERIES, amount_fen)
    posting = posting_of(fund, slip, PostingKind.RECOVERY_RECEIVED, lines)
    event = FundCredited(
        fund=fund.code, posting_id=posting.posting_id, claim_id=claim_id, amount_fen=amount_fen
    )
    return applied(fund, posting), posting, event


def posting_of(fund: Fund, slip: Slip, kind: PostingKind, entries: tuple[Entry, ...]) -> Posting:
    """Make a posting of a fund out of its slip and its entries."""
    return Posting(
        posting_id=slip.posting_id,
        fund=fund.code,
        kind=kind,
        cause_id=slip.cause_id,
        booked_on=slip.booked_on,
        entries=entries,
        note=slip.note,
        valued_on=None if slip.valued_on == slip.booked_on else slip.valued_on,
    )


def transfer(debit: Account, credit: Account, amount_fen: int) -> tuple[Entry, ...]:
    """Move an amount from one account to another."""
    return Entry(debit, debit_fen=amount_fen), Entry(credit, credit_fen=amount_fen)


def balances_moved(entries: tuple[Entry, ...]) -> Mapping[Account, int]:
    """Sum entries by account: debits less credits."""
    moved = dict.fromkeys(Account, 0)
    for entry in entries:
        moved[entry.account] += entry.debit_fen - entry.credit_fen
    return moved


def applied(fund: Fund, posting: Posting) -> Fund:
    """Let the row's balances follow the ledger: there is no other way to move them."""
    moved = balances_moved(posting.entries)
    return replace(
        fund,
        capital_fen=fund.capital_fen - moved[Account.CAPITAL],
        cash_fen=fund.cash_fen + moved[Account.CASH],
        committed_fen=fund.committed_fen + moved[Account.COMMITMENTS],
        reserved_fen=fund.reserved_fen + moved[Account.RESERVED],
    )


def short(fund: Fund, amount_fen: int) -> Violation:
    """Say how much free cash a fund has."""
    free = Money(fund.free_fen).yuan()
    return Violation(
        code=FundShort.code,
        zh=f"基金可用余额 {free} 元",
        en=f"the fund has {free} yuan free",
        limit=fund.free_fen,
        actual=amount_fen,
    )
