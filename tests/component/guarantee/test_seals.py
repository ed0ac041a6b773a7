"""Sealing the ledger off the hot path, and finding what somebody changed behind its back."""

import asyncio

import asyncpg
import pytest

from services.guarantee.seals import handlers as seals
from services.guarantee.seals.rules import LedgerBroken
from shared.db.database import Database
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.databases import Databases
from tests.support.guarantees import FUND, POOL, Scheme

pytestmark = pytest.mark.component

OTHER = "fund-nfgf"


@pytest.fixture
async def scheme(service_of: ServiceFactory) -> Scheme:
    """Two funds, the first with four postings."""
    scheme = Scheme(await service_of("guarantee"))
    await scheme.fund(POOL, capital_fen=1_000)
    for amount in (1, 2, 3):
        await scheme.pay_in(POOL, amount)
    await scheme.fund(OTHER, capital_fen=5)
    return scheme


async def blocks(scheme: Scheme, fund: str = POOL) -> list[tuple[int, int]]:
    page = await scheme.read(f"/v1/funds/{fund}/blocks")
    return [(block["block"], block["postings"]) for block in page["items"]]


async def tamper(databases: Databases, scheme: Scheme, statement: str) -> None:
    """Change the ledger as somebody with the server in his hands."""
    admin = await asyncpg.connect(databases.superuser(scheme.service.database.dsn))
    try:
        await admin.execute("SET session_replication_role = replica")
        await admin.execute(statement)
    finally:
        await admin.close()


async def verified(scheme: Scheme, number: int) -> dict[str, object]:
    return await scheme.read(f"/v1/funds/{POOL}/blocks/{number}/verification")


class TestSealing:
    async def test_seals_every_fund_by_itself_and_goes_on_where_it_ended(
        self, scheme: Scheme
    ) -> None:
        database = scheme.service.database
        assert await seals.seal_some(database) is False
        assert await seals.seal_some(database) is False
        await scheme.pay_in(POOL, 4)
        assert await seals.seal_some(database) is False

        assert await blocks(scheme) == [(1, 4), (2, 1)]
        assert await blocks(scheme, OTHER) == [(1, 1)]
        assert (await seals.verify_fund(database, POOL)).postings == 5

    async def test_says_that_more_waits_while_blocks_are_full(
        self, scheme: Scheme, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(seals, "BLOCK_POSTINGS", 2)
        turns = [await seals.seal_some(scheme.service.database) for _ in range(3)]

        assert turns == [True, True, False]
        assert await blocks(scheme) == [(1, 2), (2, 2)]
        assert (await seals.verify_fund(scheme.service.database, POOL)).blocks == 2

    async def test_by_several_processes_at_once_seals_each_posting_once(
        self, scheme: Scheme, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(seals, "BLOCK_POSTINGS", 1)
        database = scheme.service.database

        for _ in range(4):
            await asyncio.gather(*(seals.seal_some(database) for _ in range(4)))

        assert await blocks(scheme) == [(1, 1), (2, 1), (3, 1), (4, 1)]
        assert (await seals.verify_fund(database, POOL)).postings == 4

    async def test_publishes_the_hash_in_the_funds_own_sequence(self, scheme: Scheme) -> None:
        await seals.seal_some(scheme.service.database)

        [newest] = (await scheme.read(f"/v1/funds/{POOL}/blocks"))["items"]
        sealed = [
            received
            for received in await scheme.service.published()
            if received.data.TYPE == "guarantee.fund.ledger_sealed.v1" and received.key == POOL
        ]
        assert [(r.sequence, getattr(r.data, "sha256", None)) for r in sealed] == [
            (5, newest["sha256"])
        ]
        assert (await scheme.pay_in(POOL, 1))["version"] == 6


TAMPERED = {
    "altered": (
        "UPDATE fund_entry SET debit_fen = debit_fen * 2, credit_fen = credit_fen * 2 "
        "WHERE posting_id = (SELECT posting_id FROM fund_posting "
        "ORDER BY position OFFSET 1 LIMIT 1)",
        2,
    ),
    "missing": (
        "WITH gone AS (DELETE FROM fund_posting WHERE position = "
        "(SELECT position FROM fund_posting ORDER BY position OFFSET 2 LIMIT 1) "
        "RETURNING posting_id) "
        "DELETE FROM fund_entry WHERE posting_id = (SELECT posting_id FROM gone)",
        3,
    ),
    "block": ("UPDATE fund_block SET hash = sha256('x') WHERE fund = 'fund-lyg'", 4),
}


class TestVerifying:
    @pytest.mark.parametrize("fault", sorted(TAMPERED))
    async def test_names_the_first_posting_that_is_not_what_was_sealed(
        self, scheme: Scheme, databases: Databases, fault: str
    ) -> None:
        await seals.seal_some(scheme.service.database)
        assert (await verified(scheme, 1))["whole"] is True
        places = [
            (item["position"], item["posting_id"])
            for item in (await scheme.read(f"/v1/funds/{POOL}/entries"))["items"]
        ]
        statement, place = TAMPERED[fault]

        await tamper(databases, scheme, statement)

        position, posting_id = places[place - 1]
        found = await verified(scheme, 1)
        broken = found["broken"]
        assert isinstance(broken, dict)
        assert (broken["fault"], broken["position"], broken["posting_id"]) == (
            fault,
            position,
            posting_id,
        )
        with pytest.raises(LedgerBroken, match=f"block 1, position {position}, posting"):
            await seals.verify_fund(scheme.service.database, POOL)

    async def test_finds_a_posting_that_was_slipped_in(
        self, scheme: Scheme, databases: Databases
    ) -> None:
        await scheme.pay_in(POOL, 4)
        await seals.seal_some(scheme.service.database)

        await tamper(
            databases, scheme, "UPDATE fund_posting SET fund = 'fund-lyg' WHERE fund = 'fund-nfgf'"
        )

        broken = (await verified(scheme, 1))["broken"]
        assert isinstance(broken, dict)
        assert (broken["position"], broken["fault"]) == (5, "inserted")

    async def test_starts_each_block_from_the_one_before(
        self, scheme: Scheme, databases: Databases
    ) -> None:
        await seals.seal_some(scheme.service.database)
        await scheme.pay_in(POOL, 4)
        await seals.seal_some(scheme.service.database)

        await tamper(databases, scheme, TAMPERED["altered"][0])

        assert (await verified(scheme, 1))["whole"] is False
        assert (await verified(scheme, 2))["whole"] is True

    async def test_is_for_who_may_see_the_fund(self, scheme: Scheme) -> None:
        await seals.seal_some(scheme.service.database)
        for path in ("blocks", "blocks/1/verification"):
            answer = await scheme.service.client.get(
                f"/v1/funds/{POOL}/{path}", headers=scheme.service.headers(OTHER, *FUND)
            )

            assert_refused(answer, 404, "fund-not-found")

    async def test_finds_no_block_that_was_not_sealed(self, scheme: Scheme) -> None:
        answer = await scheme.service.client.get(
            f"/v1/funds/{POOL}/blocks/1/verification", headers=scheme.service.headers(POOL, *FUND)
        )

        assert_refused(answer, 404, "ledger-block-not-found")

    async def test_of_nothing_is_whole(self, service_of: ServiceFactory) -> None:
        database: Database = (await service_of("guarantee")).database

        assert (await seals.verify_fund(database, POOL)).postings == 0


class TestPostgres:
    @pytest.mark.parametrize("table", ["fund_block", "fund_seal"])
    @pytest.mark.parametrize("verb", ["DELETE FROM {}", "UPDATE {} SET hash = hash", "TRUNCATE {}"])
    async def test_lets_nobody_change_a_seal(self, scheme: Scheme, table: str, verb: str) -> None:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with scheme.service.database.transaction() as work:
                await work.execute(verb.format(table))
