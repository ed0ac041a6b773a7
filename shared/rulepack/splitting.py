"""The split of a loss between N parties, exact and conserving at every stage; and of what comes
back.

    eligible loss = loss - recovered
    base          = eligible loss by the shares of the tier
    capped        = base, lowered to what every cap of the party leaves
    overflow      = what a cap turned away, by the overflow table of that party
    amount        = capped + overflow received

Every stage is whole fen: floors, then the odd fen to the largest remainders, ties in declared
order. No published text says whether to round at each stage or once at the end; rounding at each
stage is the reading here, so that every row of an explanation adds up. Caps round down. Largest
remainder is not monotone: one more fen of loss can take one fen from a base leg.

Overflow may meet another capped party. That party takes what its own caps still leave and passes
the rest on by its own overflow table; ``checks.py`` refuses a table that runs in a circle, so the
rest always ends at a party without a cap.

Worked example: 3,000,000.00 yuan at 10/40/50 % with 500,000.00 left under the third party's cap.
Base 300,000 / 1,200,000 / 1,500,000; the cap turns 1,000,000 away, which 60/40 puts on the first
two as 600,000 / 400,000; amounts 900,000 / 1,600,000 / 500,000.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.errors import Malformed, Violation
from shared.money import MAX_FEN, Money, split
from shared.rulepack.conditions import ceiling, evaluate_all
from shared.rulepack.digest import digest_of
from shared.rulepack.errors import NoTier, SectionMissing
from shared.rulepack.explaining import (
    eligible_step,
    explain_division,
    pack_step,
    skipped_cap_step,
    tier_steps,
)
from shared.rulepack.facts import FactValue, Inputs, read_facts, read_numbers
from shared.rulepack.pack import Cap, Pack, PackReference, Tier
from shared.rulepack.stages import CapRoom, Division, Leg, divide
from shared.rulepack.trace import Trace, TraceStep, step


class AmountRefused(Malformed):
    """An amount of the request is negative, too large, or does not fit the others."""

    code = "amount-refused"
    title_zh = "金额无效"
    title_en = "Amount refused"


@dataclass(frozen=True, slots=True)
class SplitResult:
    """A split: who bears what, by which tier of which pack, and why.

    ``caps_not_applied`` names the caps whose counters were not given: a what-if may leave them
    out, a decision must not. ``counter_moves`` is what each counter grows by when the split is
    accepted. ``digest`` covers pack, inputs and every figure; the same inputs give the same digest
    for ever.
    """

    eligible_loss_fen: int
    legs: tuple[Leg, ...]
    tier: str
    caps_not_applied: tuple[str, ...]
    counter_moves: Mapping[str, int]
    trace: Trace
    pack: PackReference
    digest: str

    def amount_of(self, party: str) -> int:
        """Return the fen that ``party`` bears; 0 for a party that the pack does not name."""
        return sum(leg.amount_fen for leg in self.legs if leg.party == party)


def split_loss(
    pack: Pack,
    *,
    on: date,
    loss_fen: int,
    recovered_fen: int = 0,
    facts: Mapping[str, object],
    counters: Mapping[str, object],
) -> SplitResult:
    """Split a loss by a pack: tier, base, caps, overflow, each explained.

    ``on`` is the business date that chose the pack; a day outside its period is a what-if and the
    trace says so. A cap is skipped, and said to be, where none of its counters is given.

    Raises ``AmountRefused``, ``UnknownInput`` (fact or counter), ``NoTier``, ``SectionMissing``.
    """
    _check_amounts({"loss_fen": loss_fen, "recovered_fen": recovered_fen})
    if recovered_fen > loss_fen:
        raise _refused("recovered_fen", "已收回金额大于损失", "more was recovered than was lost")
    if not pack.tiers:
        raise SectionMissing(f"pack {pack.id} shares no loss")
    inputs = _read_inputs(pack, facts, counters)
    tier, tier_trace = choose_tier(pack, inputs)
    eligible = Money(loss_fen - recovered_fen)
    applied = [cap for cap in pack.caps if not _missing(cap, inputs)]
    skipped = [cap for cap in pack.caps if _missing(cap, inputs)]
    division = divide(
        eligible,
        {party: tier.shares[party] for party in pack.order},
        [_room(cap, inputs) for cap in applied],
        pack.overflow,
    )
    trace = (
        pack_step(pack, on),
        eligible_step(Money(loss_fen), Money(recovered_fen)),
        *tier_trace,
        *(skipped_cap_step(cap, _missing(cap, inputs)) for cap in skipped),
        *explain_division(pack, tier, division),
    )
    given = {"on": on.isoformat(), "loss_fen": loss_fen, "recovered_fen": recovered_fen}
    return SplitResult(
        eligible_loss_fen=eligible.fen,
        legs=division.legs,
        tier=tier.name,
        caps_not_applied=tuple(cap.name for cap in skipped),
        counter_moves=_counter_moves(pack, eligible, division),
        trace=trace,
        pack=pack.reference,
        digest=_digest(pack, given, inputs, trace),
    )


def choose_tier(pack: Pack, inputs: Inputs) -> tuple[Tier, Trace]:
    """Take the first tier, in declared order, whose rows all pass; explain every tier tried.

    Raises ``NoTier`` with one violation per failed row where none passes.
    """
    steps: list[TraceStep] = []
    violations: list[Violation] = []
    for tier in pack.tiers:
        rows = evaluate_all(tier.when, inputs)
        steps += tier_steps(tier, rows)
        if all(row.passed for row in rows):
            return tier, tuple(steps)
        violations += [
            Violation(code=f"tier_{tier.name}", zh=row.zh, en=row.en, field=f"/facts/{row.reads}")
            for row in rows
            if not row.passed
        ]
    raise NoTier(f"no tier of pack {pack.id} takes the case", violations=tuple(violations))


@dataclass(frozen=True, slots=True)
class RecoveryLeg:
    """What one party receives of the cash that came back."""

    party: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class RecoverySplit:
    """Cash that came back: Σ legs + ``costs_paid_fen`` + ``surplus_fen`` = the cash."""

    legs: tuple[RecoveryLeg, ...]
    costs_paid_fen: int
    surplus_fen: int
    trace: Trace


def split_recovery(
    borne: Mapping[str, int],
    *,
    cash_fen: int,
    costs_fen: int = 0,
    recovered_before: Mapping[str, int] | None = None,
) -> RecoverySplit:
    """Split cash that came back: agreed costs first, the rest in proportion of the loss borne.

    ``borne`` is party → fen in declared order. No party receives more than it bore: what is beyond
    all losses is ``surplus_fen``. For a second partial recovery pass the whole of what each party
    received before: the split is then in proportion of what is still missing, so that the odd fen
    of many small recoveries cannot add up to more than a party bore.

    Example: 800,000.00 yuan, costs 50,000.00, borne 1,300,000 / 400,000 / 300,000 →
    487,500 / 150,000 / 112,500. Raises ``AmountRefused``.
    """
    before = recovered_before or {}
    _check_amounts({"cash_fen": cash_fen, "costs_fen": costs_fen})
    _check_amounts(borne, prefix="/borne/")
    _check_amounts(before, prefix="/recovered_before/")
    for party, fen in before.items():
        if fen > borne.get(party, 0):
            where = f"recovered_before/{party}"
            raise _refused(where, "已收回超过其承担额", "received more than the party bore")
    missing = {party: fen - before.get(party, 0) for party, fen in borne.items()}
    costs = min(cash_fen, costs_fen)
    shared_out = min(cash_fen - costs, sum(missing.values()))
    parts = split(Money(shared_out), missing)
    surplus = cash_fen - costs - shared_out
    legs = tuple(RecoveryLeg(party, part.fen) for party, part in parts.items())
    return RecoverySplit(legs, costs, surplus, _explain_recovery(legs, missing, costs, surplus))


def _explain_recovery(
    legs: tuple[RecoveryLeg, ...], missing: Mapping[str, int], costs: int, surplus: int
) -> Trace:
    from_costs = step(
        "costs",
        zh=f"先付约定费用 {Money(costs).yuan()} 元",
        en=f"agreed costs first: {Money(costs).yuan()}",
        costs_paid_fen=costs,
    )
    shares = tuple(_recovery_step(leg, Money(missing[leg.party])) for leg in legs)
    rest = step(
        "surplus",
        zh=f"超出费用与全部损失的余款 {Money(surplus).yuan()} 元",
        en=f"beyond costs and all losses: {Money(surplus).yuan()}",
        surplus_fen=surplus,
    )
    return (from_costs, *shares, rest)


def _recovery_step(leg: RecoveryLeg, missing: Money) -> TraceStep:
    amount = Money(leg.amount_fen).yuan()
    return step(
        "leg",
        zh=f"{leg.party} 按未收回损失 {missing.yuan()} 元得 {amount} 元",
        en=f"{leg.party} has {missing.yuan()} of loss left and receives {amount}",
        party=leg.party,
        loss_left_fen=missing.fen,
        amount_fen=leg.amount_fen,
    )


def _read_inputs(pack: Pack, facts: Mapping[str, object], counters: Mapping[str, object]) -> Inputs:
    required = _half_given(pack, counters)
    return Inputs(
        facts=read_facts(pack, "split", facts),
        counters=read_numbers("counter", declared=pack.counters, raw=counters, required=required),
    )


def _room(cap: Cap, inputs: Inputs) -> CapRoom:
    used = 0 if cap.used is None else inputs.counters[cap.used]
    return CapRoom(cap, ceiling(cap.limit, inputs), used)


def _counters_of(cap: Cap) -> tuple[str, ...]:
    return tuple(name for name in (cap.limit.counter, cap.used) if name is not None)


def _missing(cap: Cap, inputs: Inputs) -> tuple[str, ...]:
    return tuple(name for name in _counters_of(cap) if name not in inputs.counters)


def _half_given(pack: Pack, counters: Mapping[str, object]) -> list[str]:
    """Name the counters of caps of which some but not all counters were given: that is a slip."""
    needed = [_counters_of(cap) for cap in pack.caps]
    return [n for names in needed if any(name in counters for name in names) for n in names]


def _counter_moves(pack: Pack, eligible: Money, division: Division) -> dict[str, int]:
    """A rate cap counts whole cases, every other cap counts what its own party bears."""
    amounts = {leg.party: leg.amount_fen for leg in division.legs}
    return {
        cap.used: eligible.fen if cap.kind == "rate_cap" else amounts[cap.party]
        for cap in pack.caps
        if cap.used is not None
    }


def _digest(pack: Pack, given: dict[str, Any], inputs: Inputs, trace: Trace) -> str:
    """Digest what was decided on what, without the words, which may be polished later."""
    return digest_of(
        {
            "pack": pack.reference.model_dump(),
            "given": given,
            "facts": {name: _plain(value) for name, value in inputs.facts.items()},
            "counters": dict(inputs.counters),
            "steps": [[step.step, dict(step.figures)] for step in trace],
        }
    )


def _plain(value: FactValue) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _check_amounts(amounts: Mapping[str, int], prefix: str = "/") -> None:
    for name, fen in amounts.items():
        if type(fen) is not int or not 0 <= fen <= MAX_FEN:
            where = f"{prefix}{name}".removeprefix("/")
            raise _refused(where, "应为非负整数（分）", "must be an integer of fen, not negative")


def _refused(field: str, zh: str, en: str) -> AmountRefused:
    violation = Violation(code="amount", zh=zh, en=en, field=f"/{field}")
    return AmountRefused(f"/{field}: {en}", violations=(violation,))
