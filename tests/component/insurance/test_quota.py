"""One product's quota is paid out once, however many policies are bound on it."""

import asyncio

import httpx
import pytest

from shared.events.insurance import SubsidyApproved
from tests.component.insurance import market
from tests.component.insurance.market import send, taken
from tests.conftest import ServiceFactory
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

BY_RATE_FEN = 89_600_000
"""80 % of the premium that every policy of the market has."""
AT_ONCE = 6


@pytest.fixture
async def insurance(service_of: ServiceFactory) -> ServiceUnderTest:
    """Insurance that has heard of the market."""
    made = await service_of("insurance")
    await market.open_market(made)
    return made


async def decide(insurance: ServiceUnderTest, subsidy_id: str) -> httpx.Response:
    """Decide an application as the treasury does."""
    path = f"/v1/subsidies/{subsidy_id}/decision"
    return await send(insurance, path, {}, org="dept-cz", version=1)


async def approved_fen(insurance: ServiceUnderTest) -> list[int]:
    """Return what was approved, application by application."""
    published = [received.data for received in await insurance.published()]
    return [event.subsidy_fen for event in published if isinstance(event, SubsidyApproved)]


async def quota_taken(insurance: ServiceUnderTest, qualification_id: str) -> object:
    """Return what the qualification's row says is taken of its quota."""
    async with insurance.database.read() as work:
        return await work.fetchval(
            "SELECT subsidised_fen FROM qualification WHERE id = $1::text::uuid", qualification_id
        )


class TestTheQuotaOfAProduct:
    async def test_is_spent_by_its_first_policy(self, insurance: ServiceUnderTest) -> None:
        product = await market.qualified(insurance, quota_fen=70_000_000)
        first = taken(await decide(insurance, await market.filed_on(insurance, product)))
        second = taken(await decide(insurance, await market.filed_on(insurance, product)))

        assert (first["state"], first["subsidy_fen"]) == ("approved", 70_000_000)
        assert (second["state"], second["subsidy_fen"]) == ("rejected", 0)
        assert second["decision"]["facts"]["quota_fen"] == 0

    async def test_gives_the_next_policy_what_is_left(self, insurance: ServiceUnderTest) -> None:
        product = await market.qualified(insurance, quota_fen=BY_RATE_FEN + 1_000)
        subsidies = [await market.filed_on(insurance, product) for _ in range(3)]
        decided = [taken(await decide(insurance, subsidy)) for subsidy in subsidies]

        assert [view["subsidy_fen"] for view in decided] == [BY_RATE_FEN, 1_000, 0]

    async def test_stays_taken_once_the_subsidy_is_paid(self, insurance: ServiceUnderTest) -> None:
        product = await market.qualified(insurance, quota_fen=70_000_000)
        first = await market.filed_on(insurance, product)
        taken(await decide(insurance, first))
        path, body = f"/v1/subsidies/{first}/payment", {"paid_on": "2026-03-02"}
        taken(await send(insurance, path, body, org="dept-cz", version=2))

        second = taken(await decide(insurance, await market.filed_on(insurance, product)))

        assert second["subsidy_fen"] == 0

    async def test_is_not_taken_by_what_is_only_filed(self, insurance: ServiceUnderTest) -> None:
        product = await market.qualified(insurance, quota_fen=70_000_000)
        await market.filed_on(insurance, product)

        second = taken(await decide(insurance, await market.filed_on(insurance, product)))

        assert second["subsidy_fen"] == 70_000_000

    async def test_is_another_than_that_of_another_product(
        self, insurance: ServiceUnderTest
    ) -> None:
        taken(await decide(insurance, await market.filed(insurance, quota_fen=70_000_000)))

        other = await decide(insurance, await market.filed(insurance, quota_fen=70_000_000))

        assert taken(other)["subsidy_fen"] == 70_000_000

    async def test_is_not_exceeded_by_decisions_at_once(self, insurance: ServiceUnderTest) -> None:
        quota_fen = 2 * BY_RATE_FEN + 5
        product = await market.qualified(insurance, quota_fen=quota_fen)
        subsidies = [await market.filed_on(insurance, product) for _ in range(AT_ONCE)]

        answers = await asyncio.gather(*(decide(insurance, subsidy) for subsidy in subsidies))

        assert [answer.status_code for answer in answers] == [200] * AT_ONCE
        approved = await approved_fen(insurance)
        assert sorted(approved) == [5, BY_RATE_FEN, BY_RATE_FEN]
        assert await quota_taken(insurance, product) == sum(approved) == quota_fen

    async def test_is_guarded_by_the_database_too(self, insurance: ServiceUnderTest) -> None:
        product = await market.qualified(insurance, quota_fen=70_000_000)

        with pytest.raises(Exception, match="violates check constraint"):
            async with insurance.database.transaction() as work:
                await work.execute(
                    "UPDATE qualification SET subsidised_fen = quota_fen + 1 "
                    "WHERE id = $1::text::uuid",
                    product,
                )
