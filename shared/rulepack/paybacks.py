"""What a scheme pays back to one who bore a loss: a portion of an amount, under ceilings.

The first payback whose conditions pass is taken, in it the first rate. The portion and the
ceilings must not be exceeded, so each rounds down; what a ceiling already paid is taken off it, and
nothing is ever paid back below 0.

Example: 20 % of a loss of 12,000,000.00 is 2,400,000.00; with at most 2,000,000.00 a year, that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.money import Money, Rate, Rounding
from shared.rulepack.conditions import ceiling, evaluate_all, row_steps
from shared.rulepack.errors import SectionMissing
from shared.rulepack.facts import Inputs, read_facts
from shared.rulepack.pack import Pack, PackReference, Payback, SubsidyRate
from shared.rulepack.trace import Trace, TraceStep, step


@dataclass(frozen=True, slots=True)
class PaybackResult:
    """What is paid back, by which row, and the arithmetic."""

    payback_fen: int
    payback: str
    trace: Trace
    pack: PackReference


class NoPayback(SectionMissing):
    """No payback of the pack takes the case."""

    code = "no-payback-row"
    title_zh = "没有适用的补偿条款"
    title_en = "No payback row takes the case"


def quote_payback(pack: Pack, *, facts: Mapping[str, object]) -> PaybackResult:
    """Quote what the first row that takes the case pays back, integer fen.

    Raises ``UnknownInput`` naming a fact, ``SectionMissing`` without paybacks,
    ``NoPayback``.
    """
    if not pack.paybacks:
        raise SectionMissing(f"pack {pack.id} reimburses nothing")
    inputs = Inputs(facts=read_facts(pack, "payback", facts))
    steps: list[TraceStep] = []
    for row, rate in _offered(pack):
        found = evaluate_all((*row.when, *rate.when), inputs)
        steps += row_steps("condition", found, payback=row.name)
        if all(one.passed for one in found):
            fen = _lowered(row, inputs, _portion(row, rate, inputs, steps), steps)
            return PaybackResult(fen, row.name, tuple(steps), pack.reference)
    raise NoPayback(f"no payback row of pack {pack.id} takes the case")


def _offered(pack: Pack) -> Iterator[tuple[Payback, SubsidyRate]]:
    return ((row, rate) for row in pack.paybacks for rate in row.rates)


def _portion(row: Payback, rate: SubsidyRate, inputs: Inputs, steps: list[TraceStep]) -> int:
    amount = Money(inputs.whole(row.amount))
    portion = Rate(rate.rate_ppm).of(amount, Rounding.DOWN)
    product = f"{amount.yuan()} × {Rate(rate.rate_ppm).percent()}"
    steps.append(
        step(
            "portion",
            zh=f"{rate.title.zh}：{product} = {portion.yuan()} 元（舍去不足一分）",
            en=f"{rate.title.en}: {product} = {portion.yuan()} (rounded down to the fen)",
            amount_fen=amount.fen,
            rate_ppm=rate.rate_ppm,
            portion_fen=portion.fen,
        )
    )
    return portion.fen


def _lowered(row: Payback, inputs: Inputs, fen: int, steps: list[TraceStep]) -> int:
    for bound in row.ceilings:
        limit = ceiling(bound.limit, inputs)
        used = sum(inputs.whole(name) for name in bound.used)
        room = max(0, limit - used)
        before, fen = fen, min(fen, room)
        steps.append(
            step(
                "ceiling",
                zh=f"{bound.why.zh}：上限 {Money(limit).yuan()} 元，已付 {Money(used).yuan()} 元，"
                f"尚余 {Money(room).yuan()} 元，应付 {Money(fen).yuan()} 元",
                en=f"{bound.why.en}: ceiling {Money(limit).yuan()}, already {Money(used).yuan()}, "
                f"left {Money(room).yuan()}, so {Money(fen).yuan()}",
                ceiling=bound.name,
                limit_fen=limit,
                used_fen=used,
                before_fen=before,
                after_fen=fen,
            )
        )
    return fen
