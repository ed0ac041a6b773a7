"""Circuit breakers: whether a ratio of two metrics warns or suspends, compared exactly.

``loss × 1,000,000 ≥ threshold × base`` is the comparison, in whole numbers; the ratio in ppm is
rounded down and only for people. What is suspended is for the caller: the mechanism knows the
state alone.

Example at 10 %, ``ge``: base 80,000,000.00, loss 7,999,999.99 → normal; loss 8,000,000.00 →
suspended.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shared.money import PPM, Rate
from shared.rulepack.errors import SectionMissing
from shared.rulepack.facts import read_numbers
from shared.rulepack.pack import Breaker, Pack, PackReference
from shared.rulepack.trace import Trace, TraceStep, step

State = Literal["normal", "warning", "suspended"]
_SEVERITY: Mapping[State, int] = {"normal": 0, "warning": 1, "suspended": 2}
_ZH: Mapping[State, str] = {"normal": "正常", "warning": "预警", "suspended": "暂停"}


@dataclass(frozen=True, slots=True)
class BreakerResult:
    """The state that the metrics put a breaker into.

    ``ratio_ppm`` is rounded down, and ``None`` where the base is 0; ``threshold_ppm`` is the one
    that suspends, ``warning_ppm`` the one that warns, if there is one.
    """

    breaker: str
    state: State
    ratio_ppm: int | None
    threshold_ppm: int
    warning_ppm: int | None
    scope: tuple[str, ...]
    trace: Trace
    pack: PackReference


def check_breakers(pack: Pack, *, metrics: Mapping[str, object]) -> BreakerResult:
    """Check every breaker of the pack and return the gravest, the first of equals.

    A base of 0 with a numerator of 0 is normal; with anything above, it suspends. Raises
    ``UnknownInput`` naming an unknown or missing metric, ``SectionMissing`` without breakers.
    """
    if not pack.breakers:
        raise SectionMissing(f"pack {pack.id} has no breaker")
    numbers = read_numbers("metric", declared=pack.metrics, raw=metrics, required=pack.metrics)
    results = [_check(pack, breaker, numbers) for breaker in pack.breakers]
    gravest = max(results, key=lambda result: _SEVERITY[result.state])
    trace = tuple(told for result in results for told in result.trace)
    return BreakerResult(
        breaker=gravest.breaker,
        state=gravest.state,
        ratio_ppm=gravest.ratio_ppm,
        threshold_ppm=gravest.threshold_ppm,
        warning_ppm=gravest.warning_ppm,
        scope=gravest.scope,
        trace=trace,
        pack=pack.reference,
    )


def reaches(numerator: int, base: int, threshold_ppm: int, comparison: Literal["ge", "gt"]) -> bool:
    """Compare a ratio with a threshold exactly; nothing over nothing never reaches anything."""
    if base == 0:
        return numerator > 0
    scaled, limit = numerator * PPM, threshold_ppm * base
    return scaled >= limit if comparison == "ge" else scaled > limit


def _check(pack: Pack, breaker: Breaker, metrics: Mapping[str, int]) -> BreakerResult:
    numerator, base = metrics[breaker.numerator], metrics[breaker.base]
    ratio = numerator * PPM // base if base else None
    state = _state(breaker, numerator, base)
    return BreakerResult(
        breaker=breaker.name,
        state=state,
        ratio_ppm=ratio,
        threshold_ppm=breaker.suspended_ppm,
        warning_ppm=breaker.warning_ppm,
        scope=breaker.scope,
        trace=(_explain(breaker, numerator, base, state),),
        pack=pack.reference,
    )


def _state(breaker: Breaker, numerator: int, base: int) -> State:
    if reaches(numerator, base, breaker.suspended_ppm, breaker.comparison):
        return "suspended"
    warns = breaker.warning_ppm is not None and reaches(
        numerator, base, breaker.warning_ppm, breaker.comparison
    )
    return "warning" if warns else "normal"


def _explain(breaker: Breaker, numerator: int, base: int, state: State) -> TraceStep:
    threshold = Rate(breaker.suspended_ppm).percent()
    sign, word = ("≥", "at or above") if breaker.comparison == "ge" else (">", "above")
    return step(
        "breaker",
        zh=f"{breaker.title.zh}：{numerator} ÷ {base}，{sign} {threshold} 即暂停：{_ZH[state]}",
        en=f"{breaker.title.en}: {numerator} over {base}, suspended {word} {threshold}: {state}",
        breaker=breaker.name,
        numerator=numerator,
        base=base,
        threshold_ppm=breaker.suspended_ppm,
        state=state,
    )
