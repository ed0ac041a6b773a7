"""Money is exact: whole fen, stated rounding, and splits that conserve."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import (
    MAX_FEN,
    PPM,
    ZERO,
    Money,
    Rate,
    Rounding,
    Shares,
    round_fraction,
    split,
    split_steps,
)

FEN = st.integers(0, MAX_FEN)
WEIGHTS = st.dictionaries(st.text(max_size=3), st.integers(0, 10**12), min_size=1, max_size=8)


class TestMoney:
    @pytest.mark.parametrize("fen", [1.0, "1", True, None, Fraction(1)])
    def test_refuses_what_is_not_whole_fen(self, fen: object) -> None:
        with pytest.raises(TypeError):
            Money(fen)  # type: ignore[arg-type] # the refusal is what is tested

    def test_adds_subtracts_and_reverses(self) -> None:
        assert Money(3) + Money(4) == Money(7)
        assert Money(3) - Money(4) == Money(-1)
        assert -Money(3) == Money(-3)
        assert Money(3) < Money(4)

    @pytest.mark.parametrize(
        ("fen", "shown"),
        [
            (0, "0.00"),
            (5, "0.05"),
            (-5, "-0.05"),
            (123_456_789, "1,234,567.89"),
            (-100_000, "-1,000.00"),
        ],
    )
    def test_is_shown_in_yuan(self, fen: int, shown: str) -> None:
        assert Money(fen).yuan() == shown


class TestRounding:
    @pytest.mark.parametrize(
        ("exact", "down", "up", "half_up"),
        [
            (Fraction(5, 2), 2, 3, 3),
            (Fraction(9, 4), 2, 3, 2),
            (Fraction(3), 3, 3, 3),
            (Fraction(-5, 2), -3, -2, -2),
            (Fraction(-11, 4), -3, -2, -3),
        ],
    )
    def test_follows_the_named_rule(
        self, exact: Fraction, down: int, up: int, half_up: int
    ) -> None:
        assert round_fraction(exact, Rounding.DOWN) == down
        assert round_fraction(exact, Rounding.UP) == up
        assert round_fraction(exact, Rounding.HALF_UP) == half_up

    @given(st.fractions())
    def test_never_moves_by_a_whole_unit(self, exact: Fraction) -> None:
        down, up = (round_fraction(exact, rule) for rule in (Rounding.DOWN, Rounding.UP))

        assert down <= exact <= up
        assert up - down == (exact.denominator != 1)
        assert abs(round_fraction(exact, Rounding.HALF_UP) - exact) <= Fraction(1, 2)


class TestRate:
    @pytest.mark.parametrize("ppm", [1.0, "1", True, None])
    def test_refuses_what_is_not_whole_ppm(self, ppm: object) -> None:
        with pytest.raises(TypeError):
            Rate(ppm)  # type: ignore[arg-type] # the refusal is what is tested

    @pytest.mark.parametrize(
        ("ppm", "shown"),
        [
            (0, "0 %"),
            (35_000, "3.5 %"),
            (1, "0.0001 %"),
            (200_000, "20 %"),
            (-15_000, "-1.5 %"),
            (PPM, "100 %"),
        ],
    )
    def test_is_shown_in_percent_without_losing_a_digit(self, ppm: int, shown: str) -> None:
        assert Rate(ppm).percent() == shown

    def test_takes_its_part_of_an_amount(self) -> None:
        assert Rate(5_000).of(Money(500_000_001), Rounding.HALF_UP) == Money(2_500_000)
        assert Rate(500_000).of(Money(1), Rounding.DOWN) == ZERO
        assert Rate(500_000).of(Money(1), Rounding.UP) == Money(1)


class TestSplit:
    @pytest.mark.parametrize(
        ("fen", "weights", "parts"),
        [
            (100_000_001, (20, 40, 20, 20), (20_000_000, 40_000_001, 20_000_000, 20_000_000)),
            (333_333_333, (20, 35, 20, 25), (66_666_667, 116_666_666, 66_666_667, 83_333_333)),
            (100_000_001, (40, 30, 20, 10), (40_000_001, 30_000_000, 20_000_000, 10_000_000)),
            (2, (1, 1, 1), (1, 1, 0)),
            (1, (0, 1), (0, 1)),
            (0, (0, 0), (0, 0)),
        ],
    )
    def test_gives_odd_fen_to_the_largest_remainders_in_declared_order(
        self, fen: int, weights: tuple[int, ...], parts: tuple[int, ...]
    ) -> None:
        result = split(Money(fen), dict(enumerate(weights)))

        assert tuple(part.fen for part in result.values()) == parts

    def test_lets_the_declared_order_break_ties(self) -> None:
        assert split(Money(1), {"a": 1, "b": 1}) == {"a": Money(1), "b": ZERO}
        assert split(Money(1), {"b": 1, "a": 1}) == {"b": Money(1), "a": ZERO}

    @pytest.mark.parametrize(
        ("fen", "weights"), [(-1, {"a": 1}), (1, {"a": 2, "b": -1}), (1, {"a": 0}), (1, {})]
    )
    def test_refuses_what_cannot_be_split(self, fen: int, weights: dict[str, int]) -> None:
        with pytest.raises(ValueError, match="cannot"):
            split(Money(fen), weights)

    @given(FEN, WEIGHTS)
    def test_conserves_and_stays_within_one_fen(self, fen: int, weights: dict[str, int]) -> None:
        whole = sum(weights.values())
        if whole == 0:
            fen = 0

        steps = split_steps(Money(fen), weights)

        assert sum(step.amount_fen for step in steps.values()) == fen
        for key, step in steps.items():
            assert step.odd_fen in {0, 1}
            assert step.amount_fen == step.floor_fen + step.odd_fen
            assert step.exact == (Fraction(fen * weights[key], whole) if whole else 0)
            assert abs(step.amount_fen - step.exact) < 1

    @given(FEN, WEIGHTS)
    def test_gives_nothing_to_a_weight_of_nothing(self, fen: int, weights: dict[str, int]) -> None:
        parts = split(Money(fen), weights | {"nothing": 0, "something": 1})

        assert parts["nothing"] == ZERO

    @given(st.integers(0, 10**12), WEIGHTS, st.integers(1, 1_000))
    def test_depends_on_the_ratio_of_weights_alone(
        self, fen: int, weights: dict[str, int], factor: int
    ) -> None:
        weights = weights | {"something": 1}
        scaled = {key: weight * factor for key, weight in weights.items()}

        assert split(Money(fen), weights) == split(Money(fen), scaled)


class TestShares:
    @pytest.mark.parametrize(
        "ppm",
        [{"a": PPM - 1}, {"a": PPM + 1}, {"a": PPM + 1, "b": -1}, {}],
    )
    def test_refuse_what_makes_no_whole(self, ppm: dict[str, int]) -> None:
        with pytest.raises(ValueError, match=r"shares must sum|cannot be negative"):
            Shares(ppm)

    def test_split_an_amount(self) -> None:
        assert Shares({"a": 400_000, "b": 600_000}).split(Money(1)) == {"a": ZERO, "b": Money(1)}
