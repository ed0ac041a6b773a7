"""The exact evaluator of structured rows: fact, operator, value. No expression language.

Comparisons are exact: a limit of 10 % of an amount is a ``Fraction``, never a rounded number.
Every row answers with what was found, what the limit is and why the rule asks, whether it passed
or failed.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from shared.money import PPM, Rounding, round_fraction
from shared.rulepack.facts import FactValue, Inputs
from shared.rulepack.pack import Condition, Quantity
from shared.rulepack.trace import Figure, TraceStep, step

_ORDERINGS: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


@dataclass(frozen=True, slots=True)
class RowResult:
    """How one row came out: what it read, what it found, what it allows, and why it asks."""

    passed: bool
    reads: str
    op: str
    actual: Figure
    limit: Figure
    zh: str
    en: str


def exact(quantity: Quantity, inputs: Inputs) -> Fraction:
    """Return the exact value of a quantity; a missing counter or benchmark is a ``KeyError``."""
    if quantity.fact is not None:
        source = inputs.whole(quantity.fact)
    elif quantity.counter is not None:
        source = inputs.counters[quantity.counter]
    elif quantity.benchmark is not None:
        source = inputs.benchmarks[quantity.benchmark]
    else:
        source = quantity.fixed or 0
    return Fraction(source * quantity.share_ppm, PPM) + quantity.plus


def ceiling(quantity: Quantity, inputs: Inputs) -> int:
    """Return the quantity as a limit that must not be exceeded: whole units, rounded down."""
    return round_fraction(exact(quantity, inputs), Rounding.DOWN)


def evaluate(row: Condition, inputs: Inputs) -> RowResult:
    """Evaluate one row. The facts are parsed and the row was checked against their kinds."""
    actual = _actual(row, inputs)
    passed, limit = _compare(row, actual, inputs)
    return RowResult(
        passed=passed,
        reads=" + ".join(row.reads),
        op=row.op,
        actual=_figure(actual),
        limit=limit,
        zh=row.why.zh,
        en=row.why.en,
    )


def evaluate_all(rows: Iterable[Condition], inputs: Inputs) -> tuple[RowResult, ...]:
    """Evaluate every row, also after one has failed: the explanation names all of them."""
    return tuple(evaluate(row, inputs) for row in rows)


def holds(rows: Iterable[Condition], inputs: Inputs) -> bool:
    """Tell whether every row passes; no row at all passes."""
    return all(evaluate(row, inputs).passed for row in rows)


def row_steps(
    code: str, results: Iterable[RowResult], /, **figures: Figure
) -> tuple[TraceStep, ...]:
    """Write one step of explanation per row, passed or failed."""
    return tuple(
        step(
            code,
            zh=f"{'符合' if row.passed else '不符合'}：{row.zh}",
            en=f"{'passed' if row.passed else 'failed'}: {row.en}",
            **figures,
            fact=row.reads,
            op=row.op,
            limit=row.limit,
            actual=row.actual,
            passed=row.passed,
        )
        for row in results
    )


def _actual(row: Condition, inputs: Inputs) -> FactValue:
    if row.fact is not None:
        return inputs.facts[row.fact]
    return sum(inputs.whole(name) for name in row.sum)


def _compare(row: Condition, actual: FactValue, inputs: Inputs) -> tuple[bool, Figure]:
    match row.op:
        case "in" | "not_in":
            listed = _words(row.value)
            return (actual in listed) == (row.op == "in"), listed
        case "any_of" | "none_of":
            listed = _words(row.value)
            shared_words = set(_words(actual)) & set(listed)
            return bool(shared_words) == (row.op == "any_of"), listed
        case _:
            return _ordered(row, actual, inputs)


def _ordered(row: Condition, actual: FactValue, inputs: Inputs) -> tuple[bool, Figure]:
    compare = _ORDERINGS[row.op]
    if isinstance(row.value, Quantity):
        limit = exact(row.value, inputs)
        # A limit that must not be undercut is shown rounded up, any other rounded down.
        shown = round_fraction(limit, Rounding.UP if row.op in {"ge", "lt"} else Rounding.DOWN)
        return compare(_number(actual), limit), shown
    if isinstance(row.value, str) and not isinstance(actual, date):
        return (actual == row.value) == (row.op == "eq"), row.value
    if isinstance(row.value, tuple):
        raise TypeError(f"operator {row.op} does not take a list")
    return compare(_number(actual), _number(row.value)), row.value


def _number(value: FactValue) -> Fraction:
    match value:
        case date():
            return Fraction(value.toordinal())
        case str():
            return Fraction(date.fromisoformat(value).toordinal())
        case int():
            return Fraction(value)
        case _:
            raise TypeError("a list of words has no order")


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, tuple) and all(isinstance(word, str) for word in value):
        return value
    raise TypeError("a list of words is needed")


def _figure(value: FactValue) -> Figure:
    return value.isoformat() if isinstance(value, date) else value
