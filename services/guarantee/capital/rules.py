"""The capital of a fund (资本金): paid in, returned to who paid it, corrected by a mirror image.

Sources: fund rules such as 徐州 2018 (capital of city and districts, lending at most a multiple of
it) and 苏信贷 2022 (a contributor that leaves takes out what it put in). What goes out is bounded
by what that contributor has in the fund, by the cash that no approved claim has set aside, and by
the commitments that rest on the capital.

Example: capital 1,000,000 fen, leverage 10, committed 9,000,000: at most 100,000 fen go back.
"""

from dataclasses import replace
from datetime import date

from services.guarantee.fund.rules import (
    Account,
    Entry,
    Fund,
    FundCapacityExhausted,
    FundShort,
    Posting,
    PostingKind,
    Slip,
    applied,
    posting_of,
    short,
    transfer,
)
from shared.errors import Conflict, Malformed, RuleViolation, Violation
from shared.events.guarantee_fund import (
    FundCapitalPaidIn,
    FundCapitalReturned,
    FundPostingReversed,
)
from shared.money import Money


class FundCapitalLimit(RuleViolation):
    """The fund would hold more capital than the ledger takes: more than any real fund has."""

    code = "fund-capital-limit"
    title_zh = "基金资本金超出记账上限"
    title_en = "Capital beyond the ledger's limit"


class ContributorShort(RuleViolation):
    """The contributor has less in the fund than the amount."""

    code = "contributor-short"
    title_zh = "超出出资方在基金中的资本金"
    title_en = "More than the contributor has in the fund"


class ValueDateInvalid(Malformed):
    """Money moves on the day of its booking or before."""

    code = "value-date-invalid"
    title_zh = "起息日无效"
    title_en = "Invalid value date"


class PostingNotReversible(Conflict):
    """It was reversed before, or follows from a guarantee or a claim and not from a hand."""

    code = "posting-not-reversible"
    title_zh = "凭证不可冲正"
    title_en = "Posting not reversible"


MAX_CAPITAL_FEN = 10**17
"""One quadrillion yuan, so that twenty times it (the highest leverage) still is an amount."""


REVERSIBLE = (PostingKind.CAPITAL_PAID_IN, PostingKind.CAPITAL_RETURNED)
"""What a hand booked: everything else follows from a guarantee, a claim or a recovery."""


def require_value_date(valued_on: date | None, *, today: date) -> None:
    """Refuse a value date in the future; raises :class:`ValueDateInvalid`."""
    if valued_on is not None and valued_on > today:
        zh, en = f"起息日不得晚于 {today}", f"must not be later than {today}"
        found = Violation("date", zh, en, "/valued_on", str(today), str(valued_on))
        raise ValueDateInvalid(en, violations=(found,))


def pay_in(fund: Fund, slip: Slip, *, amount_fen: int) -> tuple[Fund, Posting, FundCapitalPaidIn]:
    """Receive capital: debit cash, credit capital; raises :class:`FundCapitalLimit`."""
    room = MAX_CAPITAL_FEN - fund.capital_fen
    if amount_fen > room:
        zh, en = f"最多还可投入 {room} 分", f"at most {room} fen more can be paid in"
        refusal = Violation(FundCapitalLimit.code, zh, en, "/amount_fen", room, amount_fen)
        raise FundCapitalLimit(f"fund {fund.code} is at its limit", violations=(refusal,))
    lines = transfer(Account.CASH, Account.CAPITAL, amount_fen)
    posting = posting_of(fund, slip, PostingKind.CAPITAL_PAID_IN, lines)
    event = FundCapitalPaidIn(
        fund=fund.code,
        posting_id=posting.posting_id,
        amount_fen=amount_fen,
        contributor=slip.note,
    )
    return applied(fund, posting), posting, event


def give_back(
    fund: Fund, slip: Slip, *, amount_fen: int, contributed_fen: int
) -> tuple[Fund, Posting, FundCapitalReturned]:
    """Return capital to its contributor, who has ``contributed_fen`` in the fund.

    Raises :class:`ContributorShort`, :class:`FundShort` or :class:`FundCapacityExhausted`.
    """
    if amount_fen > contributed_fen:
        has = Money(contributed_fen).yuan()
        zh, en = f"该出资方在基金中有 {has} 元", f"the contributor has {has} yuan in the fund"
        code = ContributorShort.code
        found = Violation(code, zh, en, "/amount_fen", contributed_fen, amount_fen)
        raise ContributorShort(en, violations=(found,))
    _require_spare(fund, amount_fen)
    lines = transfer(Account.CAPITAL, Account.CASH, amount_fen)
    posting = posting_of(fund, slip, PostingKind.CAPITAL_RETURNED, lines)
    event = FundCapitalReturned(
        fund=fund.code,
        posting_id=posting.posting_id,
        amount_fen=amount_fen,
        contributor=slip.note,
    )
    return applied(fund, posting), posting, event


def reverse(
    fund: Fund, slip: Slip, wrong: Posting, *, contributed_fen: int
) -> tuple[Fund, Posting, FundPostingReversed]:
    """Correct a movement of capital that was booked wrongly, by its mirror image of the same value.

    ``contributed_fen`` is what the contributor of the wrong posting has in the fund. Raises
    :class:`PostingNotReversible` for any other kind; :class:`ContributorShort`,
    :class:`FundShort` or :class:`FundCapacityExhausted` where money or capacity is already in use.
    """
    if wrong.kind not in REVERSIBLE:
        raise PostingNotReversible(f"posting {wrong.posting_id} is a {wrong.kind}")
    amount = sum(entry.debit_fen for entry in wrong.entries)
    if wrong.kind is PostingKind.CAPITAL_PAID_IN:
        if amount > contributed_fen:
            raise ContributorShort("the contributor took back capital of this payment")
        _require_spare(fund, amount)
    mirrored = tuple(Entry(e.account, e.credit_fen, e.debit_fen) for e in wrong.entries)
    same_value = replace(slip, valued_on=wrong.value_date)
    reversal = posting_of(fund, same_value, PostingKind.REVERSAL, mirrored)
    posting = replace(reversal, reverses=wrong.posting_id)
    event = FundPostingReversed(
        fund=fund.code,
        posting_id=posting.posting_id,
        reverses=wrong.posting_id,
        amount_fen=amount,
        reason=slip.note,
    )
    return applied(fund, posting), posting, event


def _require_spare(fund: Fund, amount_fen: int) -> None:
    if amount_fen > fund.free_fen:
        raise FundShort(f"fund {fund.code} is short", violations=(short(fund, amount_fen),))
    if fund.committed_fen > fund.leverage * (fund.capital_fen - amount_fen):
        raise FundCapacityExhausted(f"fund {fund.code} has committed on this capital")
