"""The arithmetic of a split between N parties: base, caps, overflow; every intermediate is kept.

This is the engine alone: whole numbers in, whole numbers out, no words and no pack.
``splitting.py`` takes its inputs from a pack and says in words what happened here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shared.errors import ensure
from shared.money import PPM, Money, SplitStep, split_steps
from shared.rulepack.pack import Cap


@dataclass(frozen=True, slots=True)
class CapRoom:
    """A cap with its numbers of the day: the ceiling, what already fills it, what is left."""

    cap: Cap
    limit_fen: int
    used_fen: int

    @property
    def room_fen(self) -> int:
        """What the ceiling still leaves; an overfilled ceiling leaves nothing."""
        return max(0, self.limit_fen - self.used_fen)

    def allowed(self, eligible: Money, share_ppm: int) -> int | None:
        """Return the most that the party may bear of this case, or None where nothing limits it.

        A rate cap counts the whole case, so a case that fits does not limit the party at all, and
        of a case that does not fit the party bears its share of the part that does.
        """
        if self.cap.kind != "rate_cap":
            return self.room_fen
        return None if eligible.fen <= self.room_fen else self.room_fen * share_ppm // PPM


class CapStage(NamedTuple):
    """One cap on one party: what the party would bear before it and what it bears after it."""

    room: CapRoom
    allowed_fen: int | None
    before_fen: int
    after_fen: int

    @property
    def binds(self) -> bool:
        """Tell whether the cap lowered the party's part."""
        return self.after_fen < self.before_fen


class OverflowStage(NamedTuple):
    """What one party's caps turned away and who received it.

    ``from_base_fen`` came out of the party's own base, ``passed_on_fen`` out of overflow that it
    received itself and could not take.
    """

    party: str
    from_base_fen: int
    passed_on_fen: int
    received: Mapping[str, SplitStep]

    @property
    def amount_fen(self) -> int:
        """All that was turned away."""
        return self.from_base_fen + self.passed_on_fen


class Leg(NamedTuple):
    """One party's part of the loss; ``amount_fen`` = ``capped_fen`` + ``overflow_fen``."""

    party: str
    share_ppm: int
    base_fen: int
    capped_fen: int
    overflow_fen: int

    @property
    def amount_fen(self) -> int:
        """What the party bears in the end."""
        return self.capped_fen + self.overflow_fen


class Division(NamedTuple):
    """A split with all of its stages, in the order in which they were computed."""

    base: Mapping[str, SplitStep]
    caps: tuple[CapStage, ...]
    overflows: tuple[OverflowStage, ...]
    legs: tuple[Leg, ...]


def divide(
    eligible: Money,
    shares: Mapping[str, int],
    rooms: Sequence[CapRoom],
    overflow: Mapping[str, Mapping[str, int]],
) -> Division:
    """Split ``eligible`` by ``shares`` (ppm, in declared order), apply the caps, place the
    overflow.

    ``overflow`` gives, for each party that has a cap, the weights of those who take what the cap
    turns away; it has no circle. Raises ``InvariantBroken`` where a stage would not conserve.
    """
    base = split_steps(eligible, shares)
    borne = {party: step.amount_fen for party, step in base.items()}
    kept = dict(borne)
    received = dict.fromkeys(shares, 0)
    caps: list[CapStage] = []
    overflows: list[OverflowStage] = []
    limited = {room.cap.party for room in rooms}
    for party in _upstream_first([p for p in shares if p in limited], overflow):
        stages = _cap(party, eligible, shares[party], kept[party], rooms)
        caps += stages
        before, kept[party] = kept[party], stages[-1].after_fen
        taken = _taken(received[party], kept[party], stages)
        refused = received[party] - taken
        received[party] = taken
        if before - kept[party] + refused:
            stage = _overflow(party, before - kept[party], refused, shares, overflow[party])
            overflows.append(stage)
            for receiver, step in stage.received.items():
                received[receiver] += step.amount_fen
    # All four are keyed by party in declared order.
    parts = (borne.values(), kept.values(), received.values())
    legs = tuple(map(Leg, shares, shares.values(), *parts))
    ensure(sum(borne.values()) == eligible.fen, "the base conserves the loss")
    ensure(
        sum(kept.values()) + sum(received.values()) == eligible.fen, "the legs conserve the loss"
    )
    return Division(base, tuple(caps), tuple(overflows), legs)


def _upstream_first(capped: list[str], overflow: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield capped parties so that whoever may overflow into a party comes before it."""
    pending = list(capped)
    while pending:
        fed = {receiver for party in pending for receiver in overflow[party]}
        ready = [party for party in pending if party not in fed]
        ensure(bool(ready), "an overflow table has no circle")
        yield ready[0]
        pending.remove(ready[0])


def _cap(
    party: str, eligible: Money, share_ppm: int, fen: int, rooms: Sequence[CapRoom]
) -> list[CapStage]:
    stages: list[CapStage] = []
    for room in rooms:
        if room.cap.party == party:
            allowed = room.allowed(eligible, share_ppm)
            after = fen if allowed is None else min(fen, allowed)
            stages.append(CapStage(room, allowed, fen, after))
            fen = after
    return stages


def _taken(received: int, kept: int, stages: Sequence[CapStage]) -> int:
    """Return how much overflow a capped party takes itself: what its caps leave beside its base."""
    if not received:
        return 0
    allowed = [stage.allowed_fen for stage in stages if stage.allowed_fen is not None]
    return min([received, *(fen - kept for fen in allowed)])


def _overflow(
    party: str,
    from_base: int,
    passed_on: int,
    shares: Mapping[str, int],
    weights: Mapping[str, int],
) -> OverflowStage:
    in_order = {receiver: weights[receiver] for receiver in shares if receiver in weights}
    return OverflowStage(
        party, from_base, passed_on, split_steps(Money(from_base + passed_on), in_order)
    )
