"""Fees: a rate on an amount, times a portion where one is named; the first matching row is taken.

A fee is a single amount, so it rounds half up. Example: 5,000,000.01 yuan × 20 % × 0.5 % =
5,000.00.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from shared.money import MAX_FEN, PPM, Money, Rate, Rounding
from shared.rulepack.conditions import evaluate_all, row_steps
from shared.rulepack.errors import ResultTooLarge, SectionMissing
from shared.rulepack.facts import Inputs, read_facts
from shared.rulepack.pack import Fee, Pack, PackReference
from shared.rulepack.trace import Trace, TraceStep, step


@dataclass(frozen=True, slots=True)
class FeeResult:
    """The fee, the row that set it, and the arithmetic."""

    fee_fen: int
    fee: str
    trace: Trace
    pack: PackReference


class NoFee(SectionMissing):
    """No fee row of the pack takes the case."""

    code = "no-fee-row"
    title_zh = "没有适用的费率"
    title_en = "No fee row takes the case"


def quote_fee(pack: Pack, *, facts: Mapping[str, object]) -> FeeResult:
    """Quote the fee by the first row whose conditions pass.

    Raises ``UnknownInput`` naming a fact, ``SectionMissing`` without fee rows, ``NoFee``,
    ``ResultTooLarge``.
    """
    if not pack.fees:
        raise SectionMissing(f"pack {pack.id} asks no fee")
    inputs = Inputs(facts=read_facts(pack, "fee", facts))
    steps: list[TraceStep] = []
    for fee in pack.fees:
        rows = evaluate_all(fee.when, inputs)
        steps += row_steps("condition", rows, fee=fee.name)
        if all(row.passed for row in rows):
            amount = _amount(fee, inputs)
            if amount.fen > MAX_FEN:
                raise ResultTooLarge(f"fee {fee.name} of pack {pack.id} is beyond {MAX_FEN} fen")
            steps.append(_explain(fee, inputs, amount))
            return FeeResult(amount.fen, fee.name, tuple(steps), pack.reference)
    raise NoFee(f"no fee row of pack {pack.id} takes the case")


def _amount(fee: Fee, inputs: Inputs) -> Money:
    portion = Fraction(fee.rate_ppm, PPM)
    if fee.portion is not None:
        portion *= Fraction(inputs.whole(fee.portion), PPM)
    return Money(inputs.whole(fee.amount)).times(portion, Rounding.HALF_UP)


def _explain(fee: Fee, inputs: Inputs, amount: Money) -> TraceStep:
    base = Money(inputs.whole(fee.amount)).yuan()
    # A fee that is all of a portion is told without "× 100 %".
    factors = [Rate(fee.rate_ppm).percent()] if fee.rate_ppm != PPM or fee.portion is None else []
    if fee.portion is not None:
        factors.insert(0, Rate(inputs.whole(fee.portion)).percent())
    product = " × ".join([base, *factors])
    return step(
        "fee",
        zh=f"{fee.title.zh}：{product} = {amount.yuan()} 元（四舍五入到分）",
        en=f"{fee.title.en}: {product} = {amount.yuan()} (half up to the fen)",
        fee=fee.name,
        rate_ppm=fee.rate_ppm,
        fee_fen=amount.fen,
    )
