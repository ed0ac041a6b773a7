"""A guarantee service in process with a scheme, and copies of its cases by the hundred thousand.

One case is made by the service's own commands; the others are copies of its rows with other ids, so
that every rule and constraint meets them as it would meet the first.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from bench.ground import Ground
from services.guarantee.app import SERVICE
from shared.db.bound import OutboxBound
from shared.db.database import Database
from shared.runner import collect_rarely
from tests.support.claims import Claims
from tests.support.clocks import ManualClock
from tests.support.guarantees import NFGF, a_scheme
from tests.support.service import build

PROGRAMME = "nfgf-scitech"
CAPITAL_FEN = 10**14
NO_BOUND = 10**9
"""Nothing relays the events of a measured database: its outbox is emptied between the legs."""

_IDS = """
    CREATE TEMPORARY TABLE copied AS SELECT gen_random_uuid() AS guarantee_id,
        gen_random_uuid() AS loan_id, gen_random_uuid() AS claim_id, number
    FROM generate_series(1, $1::integer) AS number
"""
_GUARANTEES = """
    INSERT INTO guarantee SELECT (jsonb_populate_record(old, jsonb_build_object(
        'id', copied.guarantee_id, 'loan_id', copied.loan_id))).*
    FROM guarantee AS old, copied WHERE old.id = $1
"""
# Positions are the ledger's own: those of the copies are counted on.
_POSTINGS = """
    WITH old AS (SELECT * FROM fund_posting WHERE cause_id = $1 ORDER BY position LIMIT 1),
    made AS MATERIALIZED (
        SELECT gen_random_uuid() AS new_id, copied.{cause} AS cause FROM copied
    ), posted AS (
        INSERT INTO fund_posting OVERRIDING USER VALUE
        SELECT (jsonb_populate_record(NULL::fund_posting, to_jsonb(old) || jsonb_build_object(
            'posting_id', made.new_id, 'cause_id', made.cause))).* FROM old, made
    )
    INSERT INTO fund_entry SELECT (jsonb_populate_record(entry, jsonb_build_object(
        'posting_id', made.new_id))).*
    FROM fund_entry AS entry JOIN old ON entry.posting_id = old.posting_id, made
"""
_CLAIMS = (
    """
    INSERT INTO claim SELECT (jsonb_populate_record(old, jsonb_build_object('id', copied.claim_id,
        'guarantee_id', copied.guarantee_id, 'loan_id', copied.loan_id))).*
    FROM claim AS old, copied WHERE old.id = $1
    """,
    """
    INSERT INTO loss_leg SELECT (jsonb_populate_record(old, jsonb_build_object(
        'claim_id', copied.claim_id))).* FROM loss_leg AS old, copied WHERE old.claim_id = $1
    """,
    """
    INSERT INTO process SELECT (jsonb_populate_record(old, jsonb_build_object('id',
        copied.claim_id::text, 'state', old.state || jsonb_build_object('claim_id',
        copied.claim_id)))).* FROM process AS old, copied WHERE old.id = $1::text
    """,
)


@dataclass(frozen=True)
class Made:
    """The service, and its owner's connection for what no command would do."""

    claims: Claims
    owner: "asyncpg.Connection[asyncpg.Record]"

    @property
    def database(self) -> Database:
        """The service's database."""
        return self.claims.scheme.service.database

    async def copy_guarantees(self, guarantee_id: str, count: int) -> None:
        """Copy a guarantee in force with its fund's commitment."""
        await self._name(count)
        await self.owner.execute(_GUARANTEES, guarantee_id)
        await self._copy_postings(guarantee_id, "guarantee_id")
        await self.owner.execute(
            "UPDATE fund SET committed_fen = committed_fen * ($1::bigint + 1) WHERE code = $2",
            count,
            NFGF,
        )
        await self.owner.execute(
            "UPDATE programme SET quota_fen = 9e15, enrolled_fen = enrolled_fen * ($1::bigint + 1) "
            "WHERE code = $2",
            count,
            PROGRAMME,
        )
        await self._settle_down()

    async def copy_claims(self, guarantee_id: str, claim_id: str, count: int) -> list[str]:
        """Copy an approved claim with its guarantee, legs, process and reservation."""
        await self._name(count)
        await self.owner.execute(_GUARANTEES, guarantee_id)
        for statement in _CLAIMS:
            await self.owner.execute(statement, claim_id)
        await self._copy_postings(claim_id, "claim_id")
        await self.owner.execute(
            "UPDATE fund SET reserved_fen = reserved_fen * ($1::bigint + 1) WHERE code = $2",
            count,
            NFGF,
        )
        found = await self.owner.fetch("SELECT claim_id FROM copied")
        await self._settle_down()
        return [str(row["claim_id"]) for row in found]

    async def forget_events(self) -> None:
        """Empty the outbox, as a relay would."""
        await self.owner.execute("TRUNCATE outbox")

    async def _name(self, count: int) -> None:
        await self.owner.execute("DROP TABLE IF EXISTS copied")
        await self.owner.execute(_IDS.replace("$1", str(count)))

    async def _copy_postings(self, cause: str, column: str) -> None:
        await self.owner.execute(_POSTINGS.format(cause=column), cause)

    async def _settle_down(self) -> None:
        await self.forget_events()
        await self.owner.execute("VACUUM ANALYZE")


@asynccontextmanager
async def made(ground: Ground, *, connections: int = 20) -> AsyncIterator[Made]:
    """Lend a scheme with a year opened and much capital, in a process set up as the service's."""
    collect_rarely()
    async with ground.database("guarantee") as dsns:
        clock = ManualClock()
        bound = OutboxBound(limit_rows=NO_BOUND)
        database = Database(dsns.app, read_clock=clock, max_connections=connections, bound=bound)
        await database.open()
        service = build(SERVICE, database, clock)
        owner = await asyncpg.connect(dsns.owner)
        try:
            claims = Claims(await a_scheme(service))
            await claims.scheme.pay_in(NFGF, CAPITAL_FEN)
            await claims.scheme.opening(PROGRAMME, CAPITAL_FEN)
            yield Made(claims, owner)
        finally:
            await owner.close()
            await service.client.aclose()
            await database.close()
