"""Rows are evaluated exactly, and each answers with what it found and what it allows."""

from datetime import date
from fractions import Fraction

import pytest

from shared.rulepack.conditions import ceiling, evaluate, evaluate_all, exact, holds, row_steps
from shared.rulepack.facts import FactValue, Inputs
from shared.rulepack.fields import Words
from shared.rulepack.pack import Condition, Quantity
from shared.rulepack.trace import Figure

WHY = Words(zh="原因", en="because")


def row(op: str, value: object, *, fact: str = "x") -> Condition:
    return Condition.model_validate({"fact": fact, "op": op, "value": value, "why": WHY})


def passes(actual: FactValue, op: str, value: object) -> bool:
    return evaluate(row(op, value), Inputs(facts={"x": actual})).passed


class TestEvaluate:
    @pytest.mark.parametrize(
        ("op", "below", "at", "above"),
        [
            ("eq", False, True, False),
            ("ne", True, False, True),
            ("lt", True, False, False),
            ("le", True, True, False),
            ("gt", False, False, True),
            ("ge", False, True, True),
        ],
    )
    def test_orders_numbers_and_days(self, *, op: str, below: bool, at: bool, above: bool) -> None:
        expected = [below, at, above]
        days = [date(2026, 3, day) for day in (1, 2, 3)]

        assert [passes(actual, op, 10) for actual in (9, 10, 11)] == expected
        assert [passes(day, op, "2026-03-02") for day in days] == expected

    @pytest.mark.parametrize(
        ("actual", "op", "value", "passed"),
        [
            (True, "eq", True, True),
            (False, "eq", True, False),
            (False, "ne", True, True),
            ("a", "eq", "a", True),
            ("a", "eq", "b", False),
            ("a", "ne", "b", True),
            ("a", "in", ["a", "b"], True),
            ("c", "in", ["a", "b"], False),
            ("c", "not_in", ["a", "b"], True),
            ("a", "not_in", ["a", "b"], False),
            (("a", "z"), "any_of", ["a", "b"], True),
            (("z",), "any_of", ["a", "b"], False),
            ((), "any_of", ["a", "b"], False),
            (("z",), "none_of", ["a", "b"], True),
            ((), "none_of", ["a", "b"], True),
            (("a", "z"), "none_of", ["a", "b"], False),
        ],
    )
    def test_tells_words_and_answers_apart(
        self,
        *,
        actual: FactValue,
        op: str,
        value: object,
        passed: bool,
    ) -> None:
        assert passes(actual, op, value) is passed

    @pytest.mark.parametrize(
        ("base", "actual", "passed"),
        [(1_000, 100, True), (1_000, 101, False), (1_009, 100, True), (1_009, 101, False)],
    )
    def test_compares_with_a_portion_exactly(self, *, base: int, actual: int, passed: bool) -> None:
        tenth = Quantity(fact="base", share_ppm=100_000)

        result = evaluate(row("le", tenth), Inputs(facts={"x": actual, "base": base}))

        assert (result.passed, result.limit) == (passed, 100)

    def test_shows_a_floor_rounded_up(self) -> None:
        tenth = Quantity(fact="base", share_ppm=100_000)

        result = evaluate(row("ge", tenth), Inputs(facts={"x": 100, "base": 1_001}))

        assert (result.passed, result.limit) == (False, 101)

    def test_adds_facts_up_and_names_them(self) -> None:
        both = Condition(sum=("x", "y"), op="le", value=10, why=WHY)

        result = evaluate(both, Inputs(facts={"x": 4, "y": 7}))

        assert (result.passed, result.reads, result.actual) == (False, "x + y", 11)

    @pytest.mark.parametrize(
        ("actual", "value", "shown"),
        [
            (date(2026, 3, 2), "2026-01-01", "2026-03-02"),
            (("a",), ["a"], ("a",)),
            (5, 3, 5),
        ],
    )
    def test_says_what_it_found_and_why(
        self, actual: FactValue, value: object, shown: Figure
    ) -> None:
        op = "any_of" if isinstance(actual, tuple) else "ge"

        result = evaluate(row(op, value), Inputs(facts={"x": actual}))

        assert (result.actual, result.zh, result.en) == (shown, "原因", "because")


class TestEvaluateAll:
    def test_goes_on_after_a_failed_row(self) -> None:
        rows = [row("le", 1), row("ge", 1)]

        results = evaluate_all(rows, Inputs(facts={"x": 2}))

        assert [result.passed for result in results] == [False, True]
        assert not holds(rows, Inputs(facts={"x": 2}))
        assert holds([], Inputs())

    def test_explains_passed_and_failed_rows(self) -> None:
        results = evaluate_all([row("le", 1), row("ge", 1)], Inputs(facts={"x": 2}))

        told = [step.as_json() for step in row_steps("condition", results, tier="one")]

        assert [step["en"] for step in told] == ["failed: because", "passed: because"]
        assert told[0] | {"zh": "", "en": ""} == {
            "step": "condition",
            "zh": "",
            "en": "",
            "tier": "one",
            "fact": "x",
            "op": "le",
            "limit": 1,
            "actual": 2,
            "passed": False,
        }


class TestQuantity:
    @pytest.mark.parametrize(
        ("quantity", "value"),
        [
            (Quantity(fixed=7), Fraction(7)),
            (Quantity(fact="x", share_ppm=333_333), Fraction(333_333, 100_000)),
            (Quantity(fact="x", share_ppm=5_000_000), Fraction(50)),
            (Quantity(counter="c", plus=-3), Fraction(17)),
            (Quantity(benchmark="1Y", plus=3_000), Fraction(33_000)),
        ],
    )
    def test_is_exact(self, quantity: Quantity, value: Fraction) -> None:
        inputs = Inputs(facts={"x": 10}, counters={"c": 20}, benchmarks={"1Y": 30_000})

        assert exact(quantity, inputs) == value

    def test_rounds_down_as_a_ceiling(self) -> None:
        quantity = Quantity(fact="x", share_ppm=999_999)

        assert ceiling(quantity, Inputs(facts={"x": 10})) == 9
