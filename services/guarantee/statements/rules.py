"""Statements of a programme, of a fund and of all that one enterprise received.

Sources: 代偿率 is the compensation of a period over the guarantees that ended in it, with a variant
over what is in force (domain.md §5.3); 追偿率 is what came back over what was compensated since the
beginning; 放大倍数 is what is in force over the fund's capital. Compensation (代偿、补偿) is what
others than the bank paid: the bank's own share is its loss and no support.

Example: 12,000,000 yuan ended in 2026, 600,000 compensated: 50,000 ppm; 150,000 came back of it:
250,000 ppm.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from uuid import UUID

from services.guarantee.figures.rules import Figure, Report, Source, Unit, count, rate, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """A guarantee as it stood at the end of a day; amounts in fen."""

    id: UUID
    programme: str
    uscc: str
    bank: str
    amount_fen: int
    covered_fen: int
    outstanding_fen: int
    issued_on: date
    effective_on: date | None
    ended_on: date | None

    def in_force(self, on: date) -> bool:
        """Tell whether it was in force at the end of a day."""
        begun = self.effective_on is not None and self.effective_on <= on
        return begun and not self.has_ended(on)

    def has_ended(self, on: date) -> bool:
        """Tell whether it had ended by the end of a day."""
        return self.ended_on is not None and self.ended_on <= on


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A claim: when it was filed, approved and over how much."""

    id: UUID
    programme: str
    filed_on: date
    approved_on: date | None
    eligible_loss_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """A leg that was paid."""

    claim_id: UUID
    programme: str
    party: str
    is_the_banks: bool
    amount_fen: int
    paid_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A receipt and what went back to those who had compensated."""

    id: UUID
    claim_id: UUID
    programme: str
    received_on: date
    by_party: tuple[tuple[str, int], ...]
    bank_party: str | None = None

    @property
    def to_others_fen(self) -> int:
        """What came back to others than the bank."""
        return sum(fen for party, fen in self.by_party if party != self.bank_party)


@dataclass(frozen=True, slots=True)
class Facts:
    """What statements are made of, each at most once, up to the end of the period."""

    covered: Sequence[Covered]
    claimed: Sequence[Claimed]
    paid: Sequence[Paid]
    recovered: Sequence[Recovered]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One entry of a fund's ledger in the period."""

    posting_id: UUID
    kind: str
    account: str
    net_fen: int


def programme(facts: Facts, *, code: str, quota_fen: int, since: date, on: date) -> Report:
    """State what a programme did in a period and where it stood at its end."""
    covered = facts.covered
    issued = [each for each in covered if since <= each.issued_on <= on]
    begun = [e for e in covered if e.effective_on is not None and since <= e.effective_on <= on]
    ended = [e for e in covered if e.ended_on is not None and since <= e.ended_on <= on]
    held = [each for each in covered if each.issued_on <= on and not each.has_ended(on)]
    released = total(
        "3", "本期解保额", "guarantees ended in the period", _amounts(ended, "covered_fen")
    )
    balance = _balance("4", covered, on)
    quota = Figure(
        "9", "额度", "quota", Unit.FEN, quota_fen, (Source("programme", code, quota_fen),)
    )
    used = total("9.1", "已占额度", "quota used", _amounts(held, "amount_fen"))
    figures = (
        count("1", "本期备案笔数", "enrolled in the period", "guarantee", [e.id for e in issued]),
        total("1.1", "本期备案额", "amount enrolled in the period", _amounts(issued, "amount_fen")),
        total("2", "本期生效额", "took effect in the period", _amounts(begun, "covered_fen")),
        released,
        balance,
        count(
            "4.1",
            "在保户数",
            "firms in force",
            "enterprise",
            [each.uscc for each in covered if each.in_force(on)],
        ),
        *_claims(facts.claimed, since, on),
        *_compensation(facts.paid, since, on),
        *_recovery(facts, since, on),
        rate(
            "8",
            "本期代偿率",
            "compensation rate of the period",
            _compensated(facts.paid, since, on),
            released,
        ),
        rate(
            "8.1",
            "在保代偿率",
            "compensation over what is in force",
            _compensated(facts.paid, since, on),
            balance,
        ),
        quota,
        used,
        rate("9.2", "额度使用率", "quota use", used, quota),
    )
    return Report("programme", code, since, on, figures)


def enterprise(facts: Facts, *, uscc: str, on: date) -> Report:
    """State all support that an enterprise received, over every programme (累计支持)."""
    codes = sorted({each.programme for each in facts.covered})
    parts = [_support(str(place), code, facts, on) for place, code in enumerate(codes, 1)]
    everything = _support("0", "", facts, on)
    return Report("enterprise", uscc, None, on, tuple(chain(everything, *parts)))


def _support(item: str, code: str, facts: Facts, on: date) -> tuple[Figure, ...]:
    zh, en = (f"方案 {code}:", f"programme {code}: ") if code else ("", "")
    covered = [e for e in facts.covered if e.programme == code or not code]
    paid = [e for e in facts.paid if (e.programme == code or not code) and e.paid_on <= on]
    back = [e for e in facts.recovered if (e.programme == code or not code) and e.received_on <= on]
    issued = [each for each in covered if each.issued_on <= on]
    return (
        total(f"{item}.1", f"{zh}累计担保额", f"{en}guaranteed", _amounts(issued, "amount_fen")),
        _balance(f"{item}.2", covered, on, zh=zh, en=en),
        total(f"{item}.3", f"{zh}累计代偿额", f"{en}compensated by others", _legs(paid)),
        total(f"{item}.4", f"{zh}累计追回额", f"{en}recovered for them", _receipts(back)),
    )


def fund(
    facts: Facts,
    moved: Sequence[Moved],
    *,
    code: str,
    opening: dict[str, int],
    capital_fen: int,
    since: date,
    on: date,
) -> Report:
    """State a fund's ledger over a period: opening, every kind of movement, closing, leverage."""
    accounts = sorted({*opening, *(entry.account for entry in moved)})
    lines: list[Figure] = []
    for place, account in enumerate(accounts, 1):
        entries = [entry for entry in moved if entry.account == account]
        before = opening.get(account, 0)
        lines.append(_line(f"{place}.0", account, "opening", "期初", before, ()))
        for step, kind in enumerate(sorted({entry.kind for entry in entries}), 1):
            of_kind = [entry for entry in entries if entry.kind == kind]
            sources = tuple(_posting(entry) for entry in of_kind)
            net_fen = sum(entry.net_fen for entry in of_kind)
            lines.append(_line(f"{place}.{step}", account, kind, kind, net_fen, sources))
        after = before + sum(entry.net_fen for entry in entries)
        lines.append(_line(f"{place}.9", account, "closing", "期末", after, ()))
    capital = Figure(
        "90", "资本金", "capital", Unit.FEN, capital_fen, (Source("fund", code, capital_fen),)
    )
    balance = _balance("91", facts.covered, on)
    leverage = rate("92", "放大倍数(百万分之)", "leverage, ppm of the capital", balance, capital)
    return Report("fund", code, since, on, (*lines, capital, balance, leverage))


def _line(
    item: str, account: str, en: str, zh: str, value: int, sources: tuple[Source, ...]
) -> Figure:
    return Figure(item, f"{account} {zh}", f"{account}, {en}", Unit.FEN, value, sources)


def _posting(entry: Moved) -> Source:
    return Source("posting", str(entry.posting_id), entry.net_fen)


def _claims(claimed: Sequence[Claimed], since: date, on: date) -> tuple[Figure, ...]:
    filed = [each.id for each in claimed if since <= each.filed_on <= on]
    approved = [
        Source("claim", str(each.id), each.eligible_loss_fen)
        for each in claimed
        if each.approved_on is not None and since <= each.approved_on <= on
    ]
    return (
        count("5", "本期代偿申请笔数", "claims filed in the period", "claim", filed),
        total("5.1", "本期核定损失", "losses approved in the period", approved),
    )


def _compensation(paid: Sequence[Paid], since: date, on: date) -> tuple[Figure, ...]:
    within = [each for each in paid if since <= each.paid_on <= on]
    parties = sorted({each.party for each in within})
    return (
        _compensated(paid, since, on),
        *(
            total(
                f"6.{place}",
                f"其中:{party}",
                f"of which {party}",
                _legs([each for each in within if each.party == party], with_the_banks=True),
            )
            for place, party in enumerate(parties, 1)
        ),
    )


def _compensated(paid: Sequence[Paid], since: date, on: date) -> Figure:
    within = [each for each in paid if since <= each.paid_on <= on]
    return total("6", "本期代偿额", "compensated in the period", _legs(within))


def _recovery(facts: Facts, since: date, on: date) -> tuple[Figure, ...]:
    back = [each for each in facts.recovered if each.received_on <= on]
    within = [each for each in back if since <= each.received_on]
    all_back = total("7.1", "累计追回额", "recovered since the beginning", _receipts(back))
    all_paid = total(
        "7.2",
        "累计代偿额",
        "compensated since the beginning",
        _legs([each for each in facts.paid if each.paid_on <= on]),
    )
    return (
        total("7", "本期追回额", "recovered in the period", _receipts(within)),
        all_back,
        all_paid,
        rate("7.3", "累计追偿率", "recovery rate", all_back, all_paid),
    )


def _balance(
    item: str, covered: Iterable[Covered], on: date, *, zh: str = "", en: str = ""
) -> Figure:
    held = [each for each in covered if each.in_force(on)]
    return total(item, f"{zh}在保余额", f"{en}balance in force", _amounts(held, "outstanding_fen"))


def _amounts(covered: Iterable[Covered], field: str) -> list[Source]:
    return [Source("guarantee", str(each.id), getattr(each, field)) for each in covered]


def _legs(paid: Iterable[Paid], *, with_the_banks: bool = False) -> list[Source]:
    return [
        Source("leg", f"{each.claim_id}/{each.party}", each.amount_fen)
        for each in paid
        if with_the_banks or not each.is_the_banks
    ]


def _receipts(recovered: Iterable[Recovered]) -> list[Source]:
    return [Source("recovery", str(each.id), each.to_others_fen) for each in recovered]
