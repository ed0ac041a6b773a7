"""G5: the case page with 700 ledger entries, against the bare statements that it reads by."""

import time

import asyncpg

from bench.ground import Ground
from bench.measuring import Bar, Leg, Outcome, Sample, in_turn
from bench.scheme import Made, made
from shared.db import database as databases
from shared.db.database import Database, Row
from tests.support.guarantees import GUARANTOR, NFGF, READ_ALL

NAME = "G5"
TITLE = "a case page over REST with 700 ledger entries, and its bare SQL on one connection"
RECOVERIES = 349
READS = 30
LOSS_FEN = 400_000_000
LIMITED_BY = (
    "G5: the processor: decoding 350 receipts with their explanations, and writing half a megabyte "
    "of JSON"
)
BARS = (Bar("G5 case page over bare SQL", "ms", "case page", over="bare SQL", at_most=4.0),)
NOTES = (
    f"one claim, {RECOVERIES} receipts, each with its explanation and a posting of two entries; "
    "the bare leg fetches what the page fetches and makes nothing of it",
)


async def run(ground: Ground) -> Outcome:
    """Measure both legs on one case."""
    async with made(ground) as there:
        path = await _case(there)
        noted = await _statements(there, path)
        legs: dict[str, Leg] = {
            "case page": lambda: _page(there, path),
            "bare SQL": lambda: _bare(there, noted),
        }
        samples = await in_turn(legs, repetitions=ground.repetitions, say=ground.say)
    return Outcome(NAME, TITLE, samples, BARS, NOTES)


async def _case(there: Made) -> str:
    guarantee = await there.claims.bad_loan(owed_fen=LOSS_FEN)
    claim = await there.claims.settled(guarantee, principal_outstanding_fen=LOSS_FEN)
    for number in range(RECOVERIES):
        answer = await there.claims.recover(
            claim["claim_id"],
            org=GUARANTOR,
            cash_fen=100_000,
            costs_fen=1_000,
            reference=f"receipt {number}",
        )
        answer.raise_for_status()
    return f"/v1/guarantees/{guarantee}/case"


async def _read(there: Made, path: str) -> int:
    service = there.claims.scheme.service
    answer = await service.client.get(path, headers=service.headers(NFGF, *READ_ALL))
    answer.raise_for_status()
    return len(answer.content)


async def _page(there: Made, path: str) -> Sample:
    begun = time.perf_counter()
    size = 0
    for _ in range(READS):
        size = await _read(there, path)
    return {"ms": (time.perf_counter() - begun) / READS * 1e3, "kB of JSON": size / 1e3}


async def _statements(there: Made, path: str) -> list[tuple[str, tuple[object, ...]]]:
    """Note what one page sends to PostgreSQL, on a pool that is warm."""
    seen: list[tuple[str, tuple[object, ...]]] = []
    prepare = databases.prepare_connection

    async def prepare_and_note(connection: "asyncpg.Connection[Row]") -> None:
        await prepare(connection)
        connection.add_query_logger(lambda query: seen.append((query.query, query.args)))

    service = there.claims.scheme.service
    own = service.app.state.database
    databases.prepare_connection = prepare_and_note
    noting = Database(own.dsn, read_clock=service.clock, max_connections=1)
    await noting.open()
    service.app.state.database = noting
    try:
        await _read(there, path)
        seen.clear()
        await _read(there, path)
    finally:
        databases.prepare_connection = prepare
        service.app.state.database = own
        await noting.close()
    return [(sql, args) for sql, args in seen if sql.lstrip().startswith("SELECT")]


async def _bare(there: Made, noted: list[tuple[str, tuple[object, ...]]]) -> Sample:
    connection = await asyncpg.connect(there.database.dsn)
    try:
        await databases.prepare_connection(connection)
        rows = 0
        begun = time.perf_counter()
        for _ in range(READS):
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                rows = sum([len(await connection.fetch(sql, *args)) for sql, args in noted])
        return {
            "ms": (time.perf_counter() - begun) / READS * 1e3,
            "statements": float(len(noted)),
            "rows": float(rows),
        }
    finally:
        await connection.close()
