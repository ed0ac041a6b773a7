"""G1: splits per second of one core, against a bare largest-remainder loop over whole numbers."""

import time
from datetime import date

from bench.ground import Ground
from bench.measuring import Bar, Leg, Outcome, Sample, in_turn
from services.guarantee.programmes.handlers import shipped_packs
from shared.money import Money
from shared.rulepack.pack import Pack
from shared.rulepack.splitting import split_loss
from shared.rulepack.stages import CapRoom, divide
from shared.runner import collect_rarely

NAME = "G1"
TITLE = "the split of a loss: engine with every intermediate, and a whole decision with its words"
SPLITS = 20_000
DECISIONS = 2_000
ON = date(2026, 3, 2)
COUNTERS = {
    "prior_year_end_balance_fen": 8_000_000_000,
    "pool_paid_this_year_fen": 750_000_000,
}
LIMITED_BY = (
    "G1: one core of Python; the engine keeps floors, remainders, odd fen, caps and overflow of "
    "every party as values, a decision says each of them in two languages and digests them"
)
BARS = (
    Bar("G1 engine over bare loop", "splits/s", "engine", over="bare loop", at_least=0.1),
    Bar("G1 decision over bare loop", "splits/s", "decision", over="bare loop"),
    Bar("G1 splits of one core", "splits/s", "engine"),
    Bar("G1 decisions of one core", "splits/s", "decision"),
)
NOTES = (
    "园科贷: three parties, one cap that binds on most losses, one overflow; the loop splits the "
    "same losses by the same three shares and knows neither cap nor reason",
)


async def run(ground: Ground) -> Outcome:
    """Measure the three legs in turn, all in this process, which is set up as the service's."""
    collect_rarely()
    pack = shipped_packs().get("sip-yuankedai", on=ON)
    legs: dict[str, Leg] = {
        "engine": lambda: _engine(pack),
        "decision": lambda: _decision(pack),
        "bare loop": lambda: _bare(pack),
    }
    samples = await in_turn(legs, repetitions=ground.repetitions, say=ground.say)
    return Outcome(NAME, TITLE, samples, BARS, NOTES)


def _loss(number: int) -> int:
    return 100_000_000 + 7_919 * number


async def _engine(pack: Pack) -> Sample:
    shares = {party: pack.tiers[0].shares[party] for party in pack.order}
    rooms = [CapRoom(pack.caps[0], 800_000_000, 750_000_000)]
    begun = time.perf_counter()
    for number in range(SPLITS):
        divide(Money(_loss(number)), shares, rooms, pack.overflow)
    return {"splits/s": SPLITS / (time.perf_counter() - begun)}


async def _decision(pack: Pack) -> Sample:
    begun = time.perf_counter()
    for number in range(DECISIONS):
        split_loss(pack, on=ON, loss_fen=_loss(number), facts={}, counters=COUNTERS)
    return {"splits/s": DECISIONS / (time.perf_counter() - begun)}


async def _bare(pack: Pack) -> Sample:
    weights = [pack.tiers[0].shares[party] for party in pack.order]
    begun = time.perf_counter()
    for number in range(SPLITS):
        _largest_remainder(_loss(number), weights)
    return {"splits/s": SPLITS / (time.perf_counter() - begun)}


def _largest_remainder(amount: int, weights: list[int]) -> list[int]:
    whole = sum(weights)
    parts = [amount * weight // whole for weight in weights]
    remainders = [amount * weight % whole for weight in weights]
    for place in sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)[
        : amount - sum(parts)
    ]:
        parts[place] += 1
    return parts
