"""Drawn cases for the engine: losses, shares, caps, overflow tables and receipts, from a seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from shared.money import PPM
from shared.rulepack.fields import Words
from shared.rulepack.pack import Cap, Quantity
from shared.rulepack.stages import CapRoom

PARTIES = ("one", "two", "three", "four", "five", "six")
_WHY = Words(zh="上限", en="cap")
_CAPS = {
    (party, kind): Cap(name="cap", party=party, kind=kind, limit=Quantity(fixed=0), why=_WHY)
    for party in PARTIES
    for kind in ("per_case", "rate_cap")
}


@dataclass(frozen=True)
class Case:
    """One loss and all that it is split by, and the receipts that come back later."""

    number: int
    loss: int
    shares: Mapping[str, int]
    rooms: tuple[CapRoom, ...]
    overflow: Mapping[str, Mapping[str, int]]
    receipts: tuple[tuple[int, int], ...]


def draw(seed: int, number: int) -> Case:
    """Draw a case; the same seed and number give the same case."""
    random = Random(f"{seed}/{number}")  # noqa: S311 - cases are no secrets
    count = random.randint(1, len(PARTIES))
    names = PARTIES[:count]
    loss = _amount(random)
    rooms: list[CapRoom] = []
    overflow: dict[str, dict[str, int]] = {}
    # The first party has no cap and overflow runs towards it, so that it finds an end.
    for place, party in enumerate(names[1:], 1):
        for _ in range(random.choice((0, 0, 1, 1, 2))):
            kind = random.choice(("per_case", "rate_cap"))
            # Near the loss, where a cap begins to bind, as often as anywhere.
            limit = random.choice((_amount(random), loss, loss // 2, loss + 1))
            rooms.append(CapRoom(_CAPS[party, kind], limit, random.choice((0, _amount(random)))))
            receivers = random.sample(names[:place], random.randint(1, place))
            overflow[party] = {name: random.randint(1, PPM) for name in receivers}
    return Case(
        number=number,
        loss=loss,
        shares=dict(zip(names, _shares(random, count), strict=True)),
        rooms=tuple(rooms),
        overflow=overflow,
        receipts=tuple(
            (random.choice((_amount(random), random.randint(0, loss))), random.randint(0, 1_000))
            for _ in range(random.randint(0, 3))
        ),
    )


def _amount(random: Random) -> int:
    return random.randint(0, 10 ** random.randint(0, 15))


def _shares(random: Random, count: int) -> list[int]:
    if random.random() < 0.5:
        # Equal parts tie: the declared order decides.
        parts = [PPM // count] * count
        parts[0] += PPM - sum(parts)
        return parts
    cuts = sorted(random.randint(0, PPM) for _ in range(count - 1))
    return [high - low for low, high in zip([0, *cuts], [*cuts, PPM], strict=True)]
