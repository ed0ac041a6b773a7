"""The split and the recovery once more, written from the rules alone and in another shape.

Where the engine walks downstream with whole remainders, this asks upstream with fractions: what a
party turns away follows from what it is given, which follows from what every other party turns
away. The two share no code but Python's own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

MILLION = 1_000_000


@dataclass(frozen=True)
class Ceiling:
    """A cap: on whom, whether it counts whole cases, how much it allows, how much is used."""

    party: str
    counts_cases: bool
    limit: int
    used: int


@dataclass(frozen=True)
class Parts:
    """What one party bears, by where it came from; fen."""

    base: int
    kept: int
    taken: int


def apportion(amount: int, weights: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Give each its whole part, then one fen at a time to whoever is furthest below its due."""
    whole = sum(weight for _, weight in weights)
    if whole == 0:
        assert amount == 0
        return {name: 0 for name, _ in weights}
    due = {name: Fraction(amount * weight, whole) for name, weight in weights}
    given = {name: int(exact) for name, exact in due.items()}
    favoured: set[str] = set()
    while sum(given.values()) < amount:
        behind = max(
            (name for name in due if name not in favoured),
            # ``max`` keeps the first of equals: the declared order breaks ties.
            key=lambda name: due[name] - int(due[name]),
        )
        given[behind] += 1
        favoured.add(behind)
    return given


def share_out(
    loss: int,
    shares: Mapping[str, int],
    ceilings: Iterable[Ceiling],
    tables: Mapping[str, Mapping[str, int]],
) -> dict[str, Parts]:
    """Split a loss: base, what the ceilings leave of it, and what is taken of others' overflow."""
    base = apportion(loss, list(shares.items()))
    allowed = {
        party: min(limits)
        for party in shares
        if (limits := [_limit(c, loss, shares[party]) for c in ceilings if c.party == party])
    }
    capped = {c.party for c in ceilings}

    def kept(party: str) -> int:
        return min(base[party], allowed.get(party, loss))

    @cache
    def given_to(party: str) -> int:
        return sum(passed_from(o).get(party, 0) for o in capped if party in tables[o])

    def taken(party: str) -> int:
        if party not in capped:
            return given_to(party)
        return min(given_to(party), allowed[party] - kept(party))

    @cache
    def passed_from(party: str) -> Mapping[str, int]:
        away = base[party] - kept(party) + given_to(party) - taken(party)
        table = [(name, tables[party][name]) for name in shares if name in tables[party]]
        return apportion(away, table) if away else {}

    return {party: Parts(base[party], kept(party), taken(party)) for party in shares}


def _limit(ceiling: Ceiling, loss: int, share: int) -> int:
    left = max(ceiling.limit - ceiling.used, 0)
    if not ceiling.counts_cases:
        return left
    # A case that fits does not limit the party: more than the whole loss it never bears.
    return loss if loss <= left else int(Fraction(left * share, MILLION))


def bring_back(
    borne: Mapping[str, int], before: Mapping[str, int], cash: int, costs: int
) -> tuple[dict[str, int], int, int]:
    """Share cash out: costs first, then what is missing of each loss; returns costs and rest."""
    for_costs = min(cash, costs)
    missing = [(party, lost - before.get(party, 0)) for party, lost in borne.items()]
    for_parties = min(cash - for_costs, sum(gap for _, gap in missing))
    return apportion(for_parties, missing), for_costs, cash - for_costs - for_parties
