"""What an experiment is made of: legs that are measured in turn, and bars on their ratios."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

Sample = dict[str, float]
"""One repetition of a leg: figures by their name, which ends in the unit."""

Leg = Callable[[], Awaitable[Sample]]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with the least and the greatest."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise values of one figure."""
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Bar:
    """A promise: one figure of a leg over one of another, pair by pair, is at least or at most."""

    what: str
    figure: str
    of: str
    over: str | None = None
    at_least: float | None = None
    at_most: float | None = None

    def ratios(self, samples: Mapping[str, Sequence[Sample]]) -> list[float]:
        """Return the ratio of each repetition; without ``over`` the figures themselves."""
        mine = [sample[self.figure] for sample in samples[self.of]]
        if self.over is None:
            return mine
        theirs = [sample[self.figure] for sample in samples[self.over]]
        return [one / other for one, other in zip(mine, theirs, strict=True)]

    def holds(self, ratio: float) -> bool:
        """Tell whether a ratio keeps the promise."""
        if self.at_least is not None:
            return ratio >= self.at_least
        return self.at_most is None or ratio <= self.at_most

    @property
    def limit(self) -> str:
        """The bar as it is printed."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return "" if self.at_most is None else f"≤ {self.at_most:g}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an experiment found."""

    name: str
    title: str
    samples: Mapping[str, Sequence[Sample]]
    bars: Sequence[Bar]
    notes: Sequence[str] = field(default=())

    def limits(self) -> str:
        """Say what was busy in the first leg: the figures that end in ``cores``."""
        first = next(iter(self.samples.values()))
        names = [name for name in first[0] if name.endswith(" cores")]
        shares = [(median(sample[name] for sample in first), name) for name in names]
        shares.sort(reverse=True)
        return ", ".join(f"{name.removesuffix(' cores')} {share:.2f}" for share, name in shares)


async def in_turn(
    legs: Mapping[str, Leg], *, repetitions: int, say: Say
) -> dict[str, list[Sample]]:
    """Measure every leg once per repetition, each time in another order; one round warms up."""
    samples: dict[str, list[Sample]] = {name: [] for name in legs}
    names = list(legs)
    for repetition in range(repetitions + 1):
        for name in names:
            say(f"{repetition}/{repetitions} {name}")
            sample = await legs[name]()
            if repetition:
                samples[name].append(sample)
        names = [*names[1:], names[0]]
    return samples
