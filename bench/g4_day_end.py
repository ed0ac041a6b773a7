"""G4: the end of a day over 100,000 guarantees, against one bare UPDATE of the same rows."""

import time
from datetime import date, timedelta

from bench.ground import Ground
from bench.measuring import Bar, Leg, Outcome, Sample, in_turn
from bench.scheme import Made, made
from services.guarantee.dayends import handlers as dayends

NAME = "G4"
TITLE = "the end of a day over 100,000 guarantees of which a part ends, and the day run again"
GUARANTEES = 100_000
MATURED = date(2026, 3, 10)
ENDS = date(2026, 9, 10)
LATER = date(2027, 3, 2)
LIMITED_BY = (
    "G4: the bare UPDATE by PostgreSQL's indexes; the run by Python and by what a release is: two "
    "events, a posting of two entries, the balance that the ledger's triggers check"
)
BARS = (
    Bar("G4 day end, 1 % ends, over UPDATE", "seconds", "1 % ends", over="UPDATE", at_most=10.0),
    Bar("G4 day end, all end, over UPDATE", "seconds", "all end", over="UPDATE"),
    Bar("G4 cases of the run again", "changed again", "1 % ends", at_most=0.0),
    Bar("G4 run again, seconds", "seconds again", "1 % ends"),
)
NOTES = (
    f"{GUARANTEES:,} guarantees in force, each with its fund's commitment; all three runs of the "
    "day; the UPDATE writes state, day, reason and version of all of them and nothing else",
)


async def run(ground: Ground) -> Outcome:
    """Measure the legs in turn, each on a database of its own."""
    legs: dict[str, Leg] = {
        "1 % ends": lambda: _day_end(ground, ending=GUARANTEES // 100),
        "all end": lambda: _day_end(ground, ending=GUARANTEES),
        "UPDATE": lambda: _update(ground),
    }
    samples = await in_turn(legs, repetitions=ground.repetitions, say=ground.say)
    return Outcome(NAME, TITLE, samples, BARS, NOTES)


async def _in_force(there: Made, *, ending: int) -> None:
    guarantee = await there.claims.bad_loan(classification=None, matures_on=MATURED)
    await there.copy_guarantees(guarantee, GUARANTEES)
    await there.owner.execute(
        "UPDATE guarantee SET matures_on = $1 WHERE id IN (SELECT id FROM guarantee LIMIT $2)",
        LATER,
        GUARANTEES - ending,
    )
    await there.owner.execute("VACUUM ANALYZE guarantee")
    clock = there.claims.scheme.service.clock
    clock.advance(days=(ENDS + timedelta(days=1) - clock().date()).days)


async def _day_end(ground: Ground, *, ending: int) -> Sample:
    async with made(ground) as there:
        await _in_force(there, ending=ending)
        begun = time.perf_counter()
        await _run_all(there)
        seconds = time.perf_counter() - begun
        before = await _changed(there)
        async with there.database.transaction() as work:
            await dayends.ask(work, ENDS)
        begun = time.perf_counter()
        await _run_all(there)
        return {
            "seconds": seconds,
            "seconds again": time.perf_counter() - begun,
            "ended": float(before),
            "changed again": float(await _changed(there) - before),
        }


async def _run_all(there: Made) -> None:
    while await dayends.run_some(there.database):
        pass


async def _changed(there: Made) -> int:
    async with there.database.read() as work:
        return sum(end.changed for end in await dayends.of_day(work, ENDS))


async def _update(ground: Ground) -> Sample:
    async with made(ground) as there:
        await _in_force(there, ending=GUARANTEES)
        begun = time.perf_counter()
        await there.owner.execute(
            "UPDATE guarantee SET state = 'released', released_on = $1, "
            "release_reason = 'expired', version = version + 1 WHERE state = 'effective'",
            ENDS,
        )
        return {"seconds": time.perf_counter() - begun}
