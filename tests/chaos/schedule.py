"""Which faults come when: drawn whole from a seed, before anything runs.

Faults of different targets overlap; those of one target do not, so that each has an end and the
same seed gives the same schedule whatever the machine's speed.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

SETTLE_S = 4.0
"""How long a target is left alone after a fault of it has ended."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: how often, how long, and of what."""

    name: str
    weight: int
    shortest_s: float
    longest_s: float
    target: str
    """``service``, ``broker``, ``database``, ``broker-path``, ``database-path``, ``group`` …"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a schedule; ``size`` means what its kind makes of it."""

    at_s: float
    kind: str
    target: str
    duration_s: float
    size: float

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.at_s + self.duration_s


KINDS: tuple[Kind, ...] = (
    Kind("kill service", 10, 0.5, 4, "service"),
    Kind("freeze service", 5, 5, 30, "service"),
    Kind("clock jump", 5, 4, 20, "service-clock"),
    Kind("kill broker", 4, 1, 15, "broker"),
    Kind("freeze broker", 4, 5, 30, "broker"),
    Kind("kill database", 4, 0.5, 5, "database"),
    Kind("kill one backend", 3, 1, 1, "database"),
    Kind("freeze database", 4, 5, 30, "database"),
    Kind("end backends", 4, 1, 1, "database"),
    Kind("lose Produce answers", 8, 3, 10, "broker-path"),
    Kind("lose OffsetCommit answers", 5, 3, 10, "broker-path"),
    Kind("delay broker", 4, 3, 15, "broker-path"),
    Kind("half-open broker", 4, 5, 25, "broker-path"),
    Kind("reset broker connections", 4, 1, 1, "broker-path"),
    Kind("lose COMMIT answers", 8, 3, 10, "database-path"),
    Kind("delay database", 4, 3, 15, "database-path"),
    Kind("half-open database", 4, 5, 25, "database-path"),
    Kind("reset database connections", 4, 1, 1, "database-path"),
    Kind("rebalance storm", 5, 8, 24, "group"),
    Kind("second relay", 5, 4, 15, "second"),
    Kind("repeat and reorder records", 8, 1, 1, "topic"),
)
LONG = frozenset({"freeze service", "freeze broker", "freeze database"})
LONGEST_FREEZE_S = 90.0
LONG_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """How hard a round is: its length, the mean gap between faults, the longest fault."""

    length_s: float
    gap_s: float
    longest_s: float = LONGEST_FREEZE_S
    kinds: tuple[str, ...] = tuple(kind.name for kind in KINDS)


def draw(seed: str, plan: Plan, services: Sequence[str], consumers: Sequence[str]) -> list[Fault]:
    """Draw the faults of one round, in the order in which they begin."""
    rng = random.Random(f"{seed}/faults")
    kinds = [kind for kind in KINDS if kind.name in plan.kinds]
    free_at: dict[tuple[str, str], float] = {}
    faults: list[Fault] = []
    now = rng.expovariate(1 / plan.gap_s) / 2
    while now < plan.length_s:
        kind = rng.choices(kinds, [kind.weight for kind in kinds])[0]
        target = _target(kind, rng, services, consumers)
        size = rng.random()
        duration = min(_duration(kind, rng), plan.longest_s)
        place = (kind.target, target)
        if free_at.get(place, 0) <= now:
            faults.append(Fault(round(now, 3), kind.name, target, round(duration, 3), size))
            free_at[place] = now + duration + SETTLE_S
        now += rng.expovariate(1 / plan.gap_s)
    return faults


def _target(
    kind: Kind, rng: random.Random, services: Sequence[str], consumers: Sequence[str]
) -> str:
    match kind.target:
        case "service" | "service-clock" | "database-path" | "second":
            return rng.choice(services)
        case "broker-path":
            # The empty name means all of them at once.
            return rng.choice(["", "", services[0], *services])
        case "group":
            return rng.choice(consumers)
        case "topic":
            return rng.choice([name for name in services if name != "notify"])
        case _:
            return kind.target


def _duration(kind: Kind, rng: random.Random) -> float:
    longest = (
        LONGEST_FREEZE_S if kind.name in LONG and rng.random() < LONG_SHARE else kind.longest_s
    )
    return rng.uniform(kind.shortest_s, longest)
