"""Whether each tier can ever be taken: a tier that never matches hides a mistake in its conditions.

The question is answered by trying it out. Conditions on one fact tell only finitely many kinds of
value apart: a number just below, at, and just above each constant; a word or another; each set of
the words that any row names. Every combination is tried against the tiers in their order.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain, combinations, product
from math import prod

from shared.rulepack.conditions import holds
from shared.rulepack.facts import FactValue, Inputs
from shared.rulepack.pack import Condition, FactDeclaration, Pack, Quantity

MAX_COMBINATIONS = 100_000
"""More combinations than this are not tried: people could not read such a pack either."""

MAX_WORDS = 12
"""The most words of one list fact whose every subset is tried."""


class TooTangled(Exception):
    """The tiers look at too many facts for every combination to be tried."""


def unreachable_tiers(pack: Pack) -> tuple[int, ...]:
    """Return the positions of tiers that no combination of facts reaches.

    Tiers that compare with another quantity are taken as reachable, since its value is free. Raises
    ``TooTangled`` where there is too much to try.
    """
    free = {i for i, tier in enumerate(pack.tiers) if any(_is_free(row) for row in tier.when)}
    rows = [row for i, tier in enumerate(pack.tiers) if i not in free for row in tier.when]
    names = sorted({name for row in rows for name in row.reads})
    candidates = {name: _candidates(pack.facts[name], name, rows) for name in names}
    if prod(len(values) for values in candidates.values()) > MAX_COMBINATIONS:
        raise TooTangled
    reached = set(free)
    for values in product(*candidates.values()):
        inputs = Inputs(facts=dict(zip(candidates, values, strict=True)))
        taken = _first_taken(pack, free, inputs)
        if taken is not None:
            reached.add(taken)
    return tuple(i for i in range(len(pack.tiers)) if i not in reached)


def _first_taken(pack: Pack, free: set[int], inputs: Inputs) -> int | None:
    for i, tier in enumerate(pack.tiers):
        if i not in free and holds(tier.when, inputs):
            return i
    return None


def _is_free(row: Condition) -> bool:
    return isinstance(row.value, Quantity) or bool(row.sum)


def _candidates(
    declared: FactDeclaration, name: str, rows: list[Condition]
) -> tuple[FactValue, ...]:
    values = [row.value for row in rows if row.fact == name]
    match declared.kind:
        case "bool":
            return (False, True)
        case "word":
            return declared.allowed
        case "words":
            return tuple(_subsets(_named(values)))
        case "int":
            near = {declared.least} | {
                v + d for v in values if isinstance(v, int) for d in (-1, 0, 1)
            }
            return tuple(sorted(v for v in near if declared.least <= v <= declared.most))
        case "date":
            days = [date.fromisoformat(v) for v in values if isinstance(v, str)]
            return tuple(sorted({day + timedelta(days=d) for day in days for d in (-1, 0, 1)}))


def _named(values: Sequence[object]) -> Mapping[str, None]:
    lists = [value for value in values if isinstance(value, tuple)]
    return dict.fromkeys(word for words in lists for word in words)


def _subsets(words: Mapping[str, None]) -> Iterator[tuple[str, ...]]:
    if len(words) > MAX_WORDS:
        raise TooTangled
    return chain.from_iterable(combinations(words, n) for n in range(len(words) + 1))
