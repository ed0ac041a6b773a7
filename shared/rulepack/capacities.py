"""How much a party may take on: what it carries plus what is asked, against multiples of a base.

A capacity is a limit by law on what one carries in total, for one client, for one group. Its limit
is the first row whose conditions pass; it rounds down and may be reached but not exceeded.

Example: net assets 200,000,000.00, limit 10 %; 15,000,000.00 for the client leave 5,000,000.00.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.money import Money
from shared.rulepack.conditions import ceiling, evaluate_all, row_steps
from shared.rulepack.errors import SectionMissing
from shared.rulepack.facts import Inputs, read_facts
from shared.rulepack.pack import Capacity, CapacityLimit, Pack, PackReference
from shared.rulepack.terms import Finding
from shared.rulepack.trace import Trace, TraceStep, step


@dataclass(frozen=True, slots=True)
class CapacityResult:
    """Whether what is asked fits everywhere, and what would have fitted by capacity, in fen.

    ``headroom_fen`` is measured before what is asked: at most so much could have been taken on.
    """

    refusals: tuple[Finding, ...]
    headroom_fen: Mapping[str, int]
    trace: Trace
    pack: PackReference

    @property
    def accepted(self) -> bool:
        """Tell whether no capacity refuses."""
        return not self.refusals


class NoCapacityLimit(SectionMissing):
    """No limit row of a capacity takes the case."""

    code = "no-capacity-row"
    title_zh = "没有适用的限额条款"
    title_en = "No capacity row takes the case"


def check_capacity(pack: Pack, *, facts: Mapping[str, object]) -> CapacityResult:
    """Hold what is carried and what is asked against every capacity, in declared order.

    Raises ``UnknownInput`` naming a fact, ``SectionMissing`` without capacities,
    ``NoCapacityLimit``.
    """
    if not pack.capacities:
        raise SectionMissing(f"pack {pack.id} limits no capacity")
    inputs = Inputs(facts=read_facts(pack, "capacity", facts))
    refusals: list[Finding] = []
    headroom: dict[str, int] = {}
    steps: list[TraceStep] = []
    for capacity in pack.capacities:
        row = _limit(pack, capacity, inputs, steps)
        limit = ceiling(row.limit, inputs)
        carried, asked = inputs.whole(capacity.carried), inputs.whole(capacity.asked)
        headroom[capacity.code] = max(0, limit - carried)
        passed = carried + asked <= limit
        steps.append(_explain(capacity, row, limit, carried + asked, passed=passed))
        if not passed:
            refusals.append(
                Finding(
                    code=capacity.code,
                    fact=f"{capacity.carried} + {capacity.asked}",
                    limit=limit,
                    actual=carried + asked,
                    zh=row.title.zh,
                    en=row.title.en,
                )
            )
    return CapacityResult(tuple(refusals), headroom, tuple(steps), pack.reference)


def _limit(pack: Pack, capacity: Capacity, inputs: Inputs, steps: list[TraceStep]) -> CapacityLimit:
    for row in capacity.limits:
        found = evaluate_all(row.when, inputs)
        steps += row_steps("condition", found, capacity=capacity.code)
        if all(one.passed for one in found):
            return row
    raise NoCapacityLimit(f"no limit of capacity {capacity.code} of pack {pack.id} takes the case")


def _explain(
    capacity: Capacity, row: CapacityLimit, limit: int, total: int, *, passed: bool
) -> TraceStep:
    figures = f"{Money(total).yuan()} {'≤' if passed else '>'} {Money(limit).yuan()}"
    return step(
        "capacity",
        zh=f"{'符合' if passed else '不符合'}：{row.title.zh}（{figures}）",
        en=f"{'passed' if passed else 'failed'}: {row.title.en} ({figures})",
        capacity=capacity.code,
        limit_fen=limit,
        total_fen=total,
        passed=passed,
    )
