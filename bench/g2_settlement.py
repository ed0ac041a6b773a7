"""G2: a fund's legs of 100,000 claims at a year's end, by batches against one claim at a time."""

import time
from uuid import UUID

from bench.ground import Ground
from bench.measuring import Bar, Leg, Outcome, Sample, in_turn
from bench.scheme import Made, made
from services.guarantee.claims import handlers as claims
from services.guarantee.claims.handlers import Payment
from services.guarantee.settlements import handlers as settlements
from services.guarantee.settlements.rules import Row
from shared.web.auth import Caller
from tests.support.guarantees import NFGF, TODAY

NAME = "G2"
TITLE = "year-end settlement of a fund's legs: batches of 5,000 rows, and one claim a transaction"
CLAIMS = 100_000
ALONE = 1_000
BATCH = 5_000
LOSS_FEN = 1_000_000
LIMITED_BY = (
    "G2: a batch by Python's rows and events (three records a claim) and PostgreSQL's inserts; one "
    "claim at a time by ten round trips and a commit that syncs to disk for each"
)
BARS = (
    Bar("G2 batch over one a transaction", "claims/s", "batch", over="alone", at_least=10.0),
    Bar("G2 claims settled by batch", "claims/s", "batch"),
)
NOTES = (
    f"{CLAIMS:,} claims by batch; {ALONE:,} of as many claims one by one, whose rate is compared",
)
PAYER = Caller(sub="maker", org=NFGF, scopes=frozenset())


async def run(ground: Ground) -> Outcome:
    """Measure both legs in turn, each on a database of its own."""
    legs: dict[str, Leg] = {"batch": lambda: _batch(ground), "alone": lambda: _alone(ground)}
    samples = await in_turn(legs, repetitions=ground.repetitions, say=ground.say)
    return Outcome(NAME, TITLE, samples, BARS, NOTES)


async def _open_claims(there: Made, count: int) -> list[str]:
    guarantee = await there.claims.bad_loan(amount_fen=LOSS_FEN, owed_fen=LOSS_FEN)
    claim = await there.claims.approved(guarantee, principal_outstanding_fen=LOSS_FEN)
    return await there.copy_claims(guarantee, claim["claim_id"], count)


async def _batch(ground: Ground) -> Sample:
    async with made(ground) as there:
        found = await _open_claims(there, CLAIMS)
        rows = [Row(UUID(one), TODAY, f"payment {one}") for one in found]
        begun = time.perf_counter()
        for start in range(0, CLAIMS, BATCH):
            async with there.database.transaction(deadline_s=60) as work:
                paid = await settlements.settle(
                    work, NFGF, rows[start : start + BATCH], reader=NFGF
                )
            if any(outcome.refusal for outcome in paid.outcomes):
                raise RuntimeError("a row was refused")
        return {"claims/s": CLAIMS / (time.perf_counter() - begun)}


async def _alone(ground: Ground) -> Sample:
    async with made(ground) as there:
        found = await _open_claims(there, CLAIMS)
        begun = time.perf_counter()
        for one in found[:ALONE]:
            payment = Payment(party="nfgf", paid_on=TODAY, reference=f"payment {one}")
            async with there.database.transaction() as work:
                case = await claims.get_claim(work, UUID(one), reader=NFGF)
                await claims.pay_leg(
                    work, UUID(one), payment, by=PAYER, expected_version=case.version
                )
        return {"claims/s": ALONE / (time.perf_counter() - begun)}
