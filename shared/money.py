"""Exact money: integer fen, integer ppm, and the one split that conserves.

Amounts are integers of fen (分, 1/100 yuan); rates and shares are integers of ppm (parts per
million). Arithmetic between the two uses ``Fraction``. Nothing here knows a party, a programme or a
policy: callers bring the keys and the portions.

Worked example: 333,333,333 fen at 20/35/20/25 % is 66,666,666.6, 116,666,666.55, 66,666,666.6 and
83,333,333.25 fen. The floors leave 2 fen; the two largest remainders (.6 and .6) receive them:
66,666,667 + 116,666,666 + 66,666,667 + 83,333,333 = 333,333,333.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import repeat
from typing import Generic, NamedTuple, Self, TypeVar

from shared.errors import ensure

PPM = 1_000_000
"""One whole, in parts per million."""

MAX_FEN = 2**63 - 1
"""The largest amount that a BIGINT column holds: 92 quadrillion yuan."""

K = TypeVar("K", bound=Hashable)


class Rounding(Enum):
    """How a single amount becomes whole fen: a ceiling rounds down, a floor rounds up."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half_up"


def round_fraction(exact: Fraction, rounding: Rounding) -> int:
    """Turn an exact amount into whole units by the named rule; ``exact`` may be negative."""
    match rounding:
        case Rounding.DOWN:
            return exact.numerator // exact.denominator
        case Rounding.UP:
            return -(-exact.numerator // exact.denominator)
        case Rounding.HALF_UP:
            return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of fen. It may be negative (a correction), never fractional."""

    fen: int

    def __post_init__(self) -> None:
        """Refuse what is not an integer, booleans included: a float would already have lost fen."""
        if type(self.fen) is not int:
            raise TypeError(f"fen must be an int, not {type(self.fen).__name__}")

    def __add__(self, other: Self) -> "Money":
        """Add two amounts."""
        return Money(self.fen + other.fen)

    def __sub__(self, other: Self) -> "Money":
        """Subtract an amount; the result may be negative."""
        return Money(self.fen - other.fen)

    def __neg__(self) -> "Money":
        """Reverse the sign, as a reversing entry does."""
        return Money(-self.fen)

    def times(self, portion: Fraction, rounding: Rounding) -> "Money":
        """Take an exact portion of the amount, rounded to whole fen by the named rule."""
        return Money(round_fraction(self.fen * portion, rounding))

    def yuan(self) -> str:
        """Show the amount for people: ``Money(123456789).yuan() == '1,234,567.89'``."""
        sign = "-" if self.fen < 0 else ""
        whole, cents = divmod(abs(self.fen), 100)
        return f"{sign}{whole:,}.{cents:02d}"


ZERO = Money(0)


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """A rate or share in integer ppm: 1 % is 10,000 ppm, one basis point is 100 ppm."""

    ppm: int

    def __post_init__(self) -> None:
        """Refuse what is not an integer."""
        if type(self.ppm) is not int:
            raise TypeError(f"ppm must be an int, not {type(self.ppm).__name__}")

    @property
    def portion(self) -> Fraction:
        """The rate as an exact fraction of one."""
        return Fraction(self.ppm, PPM)

    def of(self, amount: Money, rounding: Rounding) -> Money:
        """Take the rate of an amount, rounded to whole fen by the named rule."""
        return amount.times(self.portion, rounding)

    def percent(self) -> str:
        """Show the rate for people, every digit kept: ``Rate(35_000).percent() == '3.5 %'``."""
        sign = "-" if self.ppm < 0 else ""
        whole, rest = divmod(abs(self.ppm), PPM // 100)
        digits = f"{rest:04d}".rstrip("0")
        return f"{sign}{whole}.{digits} %" if digits else f"{sign}{whole} %"


class SplitStep(NamedTuple):
    """One party's way through a split, for the explanation: floor, remainder and odd fen."""

    floor_fen: int
    remainder: int
    whole: int
    odd_fen: int

    @property
    def exact(self) -> Fraction:
        """The share before rounding: the floor plus what it left over, in parts of the weights."""
        return self.floor_fen + Fraction(self.remainder, self.whole)

    @property
    def amount_fen(self) -> int:
        """What the party receives."""
        return self.floor_fen + self.odd_fen


def split_steps(total: Money, weights: Mapping[K, int]) -> dict[K, SplitStep]:
    """Split ``total`` in the ratio of ``weights``, by largest remainder, keeping each step.

    ``weights`` are non-negative integers in declared order; the order breaks ties. Every exact
    share is floored and the leftover fen go, one each, to the largest remainders. The result
    conserves: its amounts sum to ``total``. A party of weight 0 receives 0.

    Raises ``ValueError`` for a negative total, a negative weight, or weights that sum to 0 while
    there is something to split.
    """
    if total.fen < 0:
        raise ValueError("a negative amount cannot be split")
    if weights and min(weights.values()) < 0:
        raise ValueError("a weight cannot be negative")
    whole = sum(weights.values())
    if whole == 0:
        if total.fen:
            raise ValueError("weights that sum to 0 cannot carry an amount")
        return {key: SplitStep(0, 0, 1, 0) for key in weights}
    # All shares have the same denominator, so whole remainders compare as the exact ones would.
    fen = total.fen
    floors = [fen * weight // whole for weight in weights.values()]
    remainders = [fen * weight % whole for weight in weights.values()]
    odd = [0] * len(floors)
    residue = fen - sum(floors)
    for place in sorted(range(len(odd)), key=remainders.__getitem__, reverse=True)[:residue]:
        odd[place] = 1
    ensure(sum(floors) + sum(odd) == fen, "a split conserves")
    return dict(zip(weights, map(SplitStep, floors, remainders, repeat(whole), odd), strict=True))


def split(total: Money, weights: Mapping[K, int]) -> dict[K, Money]:
    """Split ``total`` in the ratio of ``weights``: see :func:`split_steps`."""
    return {key: Money(step.amount_fen) for key, step in split_steps(total, weights).items()}


@dataclass(frozen=True, slots=True)
class Shares(Generic[K]):
    """Shares of one whole in ppm, by party in declared order; they sum to exactly one million."""

    ppm_by_party: Mapping[K, int]

    def __post_init__(self) -> None:
        """Refuse shares that do not make one whole, so that every split by them conserves."""
        if sum(self.ppm_by_party.values()) != PPM:
            raise ValueError(f"shares must sum to {PPM} ppm, not {sum(self.ppm_by_party.values())}")
        if min(self.ppm_by_party.values()) < 0:
            raise ValueError("a share cannot be negative")

    def split(self, total: Money) -> dict[K, Money]:
        """Split an amount by these shares: floor each, odd fen to the largest remainders."""
        return split(total, self.ppm_by_party)
