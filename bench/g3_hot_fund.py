"""G3: sixteen clients that book on one fund's row, against sixteen that book on a row each."""

import asyncio
import time
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from bench.ground import Ground
from bench.measuring import Bar, Leg, Outcome, Sample, in_turn
from bench.scheme import Made, made
from services.guarantee.fund import handlers as funds
from services.guarantee.fund import rules, store
from services.guarantee.fund.handlers import LegToPay
from shared.db.database import Database
from shared.ids import new_id

NAME = "G3"
TITLE = "a hot fund: sixteen clients pay legs in batches out of one fund, or out of one each"
CLIENTS = 16
BATCHES = 8
LEGS = 250
LEG_FEN = 100
LIMITED_BY = (
    "G3: the lock of the fund's row is held for one batch's statements and its commit; batches of "
    f"{LEGS} legs spread it, and both legs share the two cores of the machine"
)
BARS = (Bar("G3 hot fund over cold funds", "legs/s", "one fund", over="a fund each", at_least=0.5),)
Work = tuple[str, list[UUID]]
"""What one client does: the fund, and the claims whose legs it pays."""
NOTES = (f"{CLIENTS} clients, {BATCHES} batches each of {LEGS} legs, one transaction a batch",)


async def run(ground: Ground) -> Outcome:
    """Measure both legs in turn, each on a database of its own."""
    legs: dict[str, Leg] = {
        "one fund": lambda: _pay(ground, funds_used=1),
        "a fund each": lambda: _pay(ground, funds_used=CLIENTS),
    }
    samples = await in_turn(legs, repetitions=ground.repetitions, say=ground.say)
    return Outcome(NAME, TITLE, samples, BARS, NOTES)


async def _pay(ground: Ground, *, funds_used: int) -> Sample:
    async with made(ground, connections=CLIENTS) as there:
        # A service's connections know its types and statements: each pays one batch beforehand.
        await _all(there, await _work(there, "warm", CLIENTS, batches=1))
        work = await _work(there, "fund", funds_used, batches=BATCHES)
        begun = time.perf_counter()
        await _all(there, work)
        return {"legs/s": CLIENTS * BATCHES * LEGS / (time.perf_counter() - begun)}


async def _work(there: Made, name: str, funds_used: int, *, batches: int) -> list[Work]:
    codes = [f"{name}-{number}" for number in range(funds_used)]
    for code in codes:
        await there.claims.scheme.fund(code, capital_fen=10**12)
    work = [
        (codes[client % funds_used], [new_id() for _ in range(batches * LEGS)])
        for client in range(CLIENTS)
    ]
    for code, claim_ids in work:
        await _reserve(there, code, claim_ids)
    await there.forget_events()
    await there.owner.execute("VACUUM ANALYZE")
    return work


async def _all(there: Made, work: Sequence[Work]) -> None:
    today = there.claims.scheme.service.clock().date()
    await asyncio.gather(*(_client(there.database, *given, today) for given in work))


async def _client(database: Database, fund: str, claim_ids: Sequence[UUID], on: date) -> None:
    for start in range(0, len(claim_ids), LEGS):
        legs = [LegToPay(one, LEG_FEN, on) for one in claim_ids[start : start + LEGS]]
        async with database.transaction() as work:
            await funds.pay_legs(work, fund, legs)


async def _reserve(there: Made, fund: str, claim_ids: Sequence[UUID]) -> None:
    async with there.database.transaction() as work:
        stored = await store.lock(work, fund, reader=None)
        after, booked = stored.fund, []
        for claim_id in claim_ids:
            slip = funds.slip(work, cause_id=claim_id)
            after, posting, _ = rules.reserve_for_claim(after, slip, amount_fen=LEG_FEN)
            booked.append(posting)
        moved = store.Stored(after, stored.version, stored.opened_on)
        await store.book_all(work, moved, booked, version=stored.version)
