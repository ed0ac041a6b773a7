"""Subsidies on what was paid: gross → base under its caps → portion → quota, each whole fen.

Gross is a single amount and rounds half up. A cap on the amount and a cap on the rate both reduce
the base and neither ends eligibility. The base, the portion and the quota are ceilings and round
down.

Example at 80 %: gross 1,000,000.00, quota 700,000.00 → 700,000.00; quota 900,000.00 → 800,000.00.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from shared.money import MAX_FEN, PPM, Money, Rate, Rounding
from shared.rulepack.conditions import ceiling, evaluate_all, row_steps
from shared.rulepack.errors import ResultTooLarge, SectionMissing
from shared.rulepack.facts import Inputs, read_facts
from shared.rulepack.pack import Pack, PackReference, Subsidy, SubsidyRate
from shared.rulepack.trace import Trace, TraceStep, step


@dataclass(frozen=True, slots=True)
class SubsidyResult:
    """What was paid, which part of it counts, and what is subsidised; 0 where it is not
    eligible."""

    gross_fen: int
    base_fen: int
    subsidy_fen: int
    eligible: bool
    trace: Trace
    pack: PackReference


def quote_subsidy(pack: Pack, *, facts: Mapping[str, object]) -> SubsidyResult:
    """Quote the first subsidy of the pack for the facts.

    A case that fails an eligibility row, or that no rate takes, has base 0 and subsidy 0, and the
    trace says why. Raises ``UnknownInput`` naming a fact, ``SectionMissing`` without a subsidy,
    ``ResultTooLarge``.
    """
    if not pack.subsidies:
        raise SectionMissing(f"pack {pack.id} subsidises nothing")
    inputs = Inputs(facts=read_facts(pack, "subsidy", facts))
    subsidy = pack.subsidies[0]
    gross = _gross(subsidy, inputs)
    rows = evaluate_all(subsidy.eligibility, inputs)
    steps = [_gross_step(subsidy, gross), *row_steps("eligibility", rows)]
    rate = _rate(subsidy, inputs, steps) if all(row.passed for row in rows) else None
    if rate is None:
        steps.append(
            step("subsidy", zh="不予补贴，补贴为 0", en="not subsidised: 0", subsidy_fen=0)
        )
        return SubsidyResult(
            gross.fen, 0, 0, eligible=False, trace=tuple(steps), pack=pack.reference
        )
    base = _base(subsidy, inputs, gross, steps)
    amount = _under_quota(subsidy, inputs, Rate(rate.rate_ppm).of(base, Rounding.DOWN), steps)
    steps.append(_subsidy_step(rate, base, amount))
    return SubsidyResult(
        gross.fen, base.fen, amount.fen, eligible=True, trace=tuple(steps), pack=pack.reference
    )


def _gross(subsidy: Subsidy, inputs: Inputs) -> Money:
    amount = Money(inputs.whole(subsidy.amount))
    if subsidy.rate is None:
        return amount
    gross = amount.times(Fraction(inputs.whole(subsidy.rate), PPM), Rounding.HALF_UP)
    if gross.fen > MAX_FEN:
        raise ResultTooLarge(f"the amount to subsidise is beyond {MAX_FEN} fen")
    return gross


def _base(subsidy: Subsidy, inputs: Inputs, gross: Money, steps: list[TraceStep]) -> Money:
    """Lower the amount and the rate to their caps; what no cap touches stays the gross."""
    amount = inputs.whole(subsidy.amount)
    capped = min([amount, *(ceiling(cap, inputs) for cap in subsidy.amount_caps)])
    rate = PPM if subsidy.rate is None else inputs.whole(subsidy.rate)
    capped_rate = rate if subsidy.rate_cap_ppm is None else min(rate, subsidy.rate_cap_ppm)
    lowered = (capped, capped_rate) != (amount, rate)
    base = Rate(capped_rate).of(Money(capped), Rounding.DOWN) if lowered else gross
    steps.append(
        step(
            "base",
            zh=f"补贴基数 {base.yuan()} 元 = {Money(capped).yuan()} × {Rate(capped_rate).percent()}"
            + ("（已按上限调减）" if lowered else ""),
            en=f"base {base.yuan()} = {Money(capped).yuan()} × {Rate(capped_rate).percent()}"
            + (" (lowered by a cap)" if lowered else ""),
            amount_fen=capped,
            rate_ppm=capped_rate,
            base_fen=base.fen,
            lowered=lowered,
        )
    )
    return base


def _rate(subsidy: Subsidy, inputs: Inputs, steps: list[TraceStep]) -> SubsidyRate | None:
    for rate in subsidy.rates:
        rows = evaluate_all(rate.when, inputs)
        steps += row_steps("condition", rows)
        if all(row.passed for row in rows):
            return rate
    return None


def _under_quota(subsidy: Subsidy, inputs: Inputs, amount: Money, steps: list[TraceStep]) -> Money:
    if subsidy.quota is None:
        return amount
    quota = Money(ceiling(subsidy.quota, inputs))
    lowered = min(amount, quota)
    steps.append(
        step(
            "quota",
            zh=f"额度 {quota.yuan()} 元，按比例应补 {amount.yuan()} 元，取较小者",
            en=f"quota {quota.yuan()}, by rate {amount.yuan()}: the lower is taken",
            quota_fen=quota.fen,
            before_fen=amount.fen,
            after_fen=lowered.fen,
        )
    )
    return lowered


def _gross_step(subsidy: Subsidy, gross: Money) -> TraceStep:
    return step(
        "gross",
        zh=f"{subsidy.title.zh}：已付 {gross.yuan()} 元",
        en=f"{subsidy.title.en}: paid {gross.yuan()}",
        gross_fen=gross.fen,
    )


def _subsidy_step(rate: SubsidyRate, base: Money, amount: Money) -> TraceStep:
    product = f"{base.yuan()} × {Rate(rate.rate_ppm).percent()}"
    return step(
        "subsidy",
        zh=f"{rate.title.zh}：{product}，补贴 {amount.yuan()} 元",
        en=f"{rate.title.en}: {product}, subsidy {amount.yuan()}",
        rate_ppm=rate.rate_ppm,
        base_fen=base.fen,
        subsidy_fen=amount.fen,
    )
