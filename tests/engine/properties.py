"""What must hold of every case, each by name: the engine against the reference and the invariants.

Run many: ``make engine`` draws a million cases (``CASES``, ``SEED``) on all cores.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from shared.money import PPM, Money
from shared.rulepack import splitting, stages
from tests.engine.cases import Case, draw
from tests.engine.reference import Ceiling, bring_back, share_out


@dataclass(frozen=True)
class Broken:
    """A property that a case breaks; ``seed`` and ``number`` draw the case again."""

    seed: int
    number: int
    name: str


def broken_by(seed: int, numbers: range) -> list[Broken]:
    """Check cases; returns every property that one of them breaks."""
    return [Broken(seed, number, name) for number in numbers for name in check(draw(seed, number))]


def check(case: Case) -> Iterator[str]:
    """Yield the names of the properties that a case breaks."""
    try:
        division = stages.divide(Money(case.loss), case.shares, case.rooms, case.overflow)
    except AssertionError as broken:
        yield str(broken)
        return
    for name, holds in _PROPERTIES.items():
        if not holds(case, division):
            yield name
    yield from _recovery(case, {leg.party: leg.amount_fen for leg in division.legs})


def _as_reference(case: Case, division: stages.Division) -> bool:
    ceilings = [
        Ceiling(r.cap.party, r.cap.kind == "rate_cap", r.limit_fen, r.used_fen) for r in case.rooms
    ]
    expected = share_out(case.loss, case.shares, ceilings, case.overflow)
    return {
        leg.party: (leg.base_fen, leg.capped_fen, leg.overflow_fen) for leg in division.legs
    } == {party: (parts.base, parts.kept, parts.taken) for party, parts in expected.items()}


def _conserves(case: Case, division: stages.Division) -> bool:
    return (
        sum(leg.base_fen for leg in division.legs) == case.loss
        and sum(leg.amount_fen for leg in division.legs) == case.loss
        and all(0 <= leg.capped_fen <= leg.base_fen for leg in division.legs)
        and all(leg.overflow_fen >= 0 for leg in division.legs)
    )


def _within_caps(case: Case, division: stages.Division) -> bool:
    amounts = {leg.party: leg for leg in division.legs}
    for room in case.rooms:
        leg = amounts[room.cap.party]
        left = max(0, room.limit_fen - room.used_fen)
        if room.cap.kind == "per_case" and leg.amount_fen > left:
            return False
        fits = case.loss <= left
        if room.cap.kind == "rate_cap" and not fits and leg.amount_fen * PPM > left * leg.share_ppm:
            return False
    return True


def _within_one_fen(case: Case, division: stages.Division) -> bool:
    return all(
        abs(leg.base_fen - Fraction(case.loss * leg.share_ppm, PPM)) < 1 for leg in division.legs
    )


def _order_moves_the_odd_fen(case: Case, division: stages.Division) -> bool:
    backwards = dict(reversed(list(case.shares.items())))
    straight = {leg.party: leg.base_fen for leg in division.legs}
    turned = stages.divide(Money(case.loss), backwards, (), {})
    return all(abs(leg.base_fen - straight[leg.party]) <= 1 for leg in turned.legs)


_PROPERTIES: dict[str, Callable[[Case, stages.Division], bool]] = {
    "the engine is the reference": _as_reference,
    "a split conserves": _conserves,
    "no cap is exceeded": _within_caps,
    "before caps a leg is within one fen of its share": _within_one_fen,
    "the declared order moves the odd fen alone": _order_moves_the_odd_fen,
}


def _recovery(case: Case, borne: dict[str, int]) -> Iterator[str]:
    received = dict.fromkeys(borne, 0)
    for cash, costs in case.receipts:
        back = splitting.split_recovery(
            borne, cash_fen=cash, costs_fen=costs, recovered_before=received
        )
        found = {leg.party: leg.amount_fen for leg in back.legs}
        if (found, back.costs_paid_fen, back.surplus_fen) != bring_back(
            borne, received, cash, costs
        ):
            yield "a recovery is the reference's"
        if sum(found.values()) + back.costs_paid_fen + back.surplus_fen != cash:
            yield "a recovery conserves the cash"
        received = {party: fen + found[party] for party, fen in received.items()}
        if any(received[party] > borne[party] for party in borne):
            yield "nobody recovers more than it bore"
            return
