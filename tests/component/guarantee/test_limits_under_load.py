"""Quota, capacity and cash hold when several transactions ask for the last of them at once."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from services.guarantee.enrolments import handlers as enrolments
from services.guarantee.fund import handlers as funds
from services.guarantee.fund.rules import FundShort
from services.guarantee.guarantees import handlers as guarantees
from services.guarantee.programmes.handlers import shipped_packs
from shared.db.database import DatabaseBusy, Transaction
from shared.events.credit import EnrolmentRequested
from shared.ids import new_id
from tests.conftest import ServiceFactory
from tests.support.city import FIRM
from tests.support.guarantees import (
    NFGF,
    OTHER_FIRM,
    POOL,
    PROVINCE,
    SCITECH,
    Scheme,
    a_drawdown,
    a_request,
    a_scheme,
)
from tests.support.waiting import until

pytestmark = pytest.mark.component

AT_ONCE = 200


@pytest.fixture
async def scheme(service_of: ServiceFactory) -> Scheme:
    return await a_scheme(await service_of("guarantee"))


Step = Callable[[Transaction], Awaitable[object]]


async def in_time(scheme: Scheme, step: Step) -> None:
    """Run a step in a transaction of its own, again where the database had no room for it."""
    while True:
        try:
            async with scheme.service.database.transaction() as work:
                await step(work)
        except DatabaseBusy:
            continue
        return


async def decide(scheme: Scheme, request: EnrolmentRequested) -> None:
    await in_time(
        scheme, lambda work: enrolments.decide_request(work, request, packs=shipped_packs())
    )


async def reserve(scheme: Scheme, amount_fen: int) -> bool:
    claim_id = new_id()
    try:
        await in_time(
            scheme,
            lambda work: funds.reserve_for_claim(
                work, POOL, claim_id=claim_id, amount_fen=amount_fen
            ),
        )
    except FundShort:
        return False
    return True


class TestQuota:
    async def test_is_filled_and_never_exceeded(self, scheme: Scheme) -> None:
        await scheme.programme({**SCITECH, "programme": "small", "quota_fen": 7_350})
        requests = [a_request(programme="small", amount_fen=100) for _ in range(AT_ONCE)]

        await asyncio.gather(*(decide(scheme, request) for request in requests))

        states = [(await scheme.guarantee_of(r.loan_id))["state"] for r in requests]
        assert sorted(states) == ["declined"] * (AT_ONCE - 73) + ["issued"] * 73
        assert (await scheme.read("/v1/programmes/small"))["enrolled_fen"] == 7_300


class TestFirmsBalance:
    """The cap of 30,000,000 yuan runs over all programmes, here of two funds."""

    @pytest.fixture
    async def programmes(self, scheme: Scheme) -> tuple[str, str]:
        await scheme.fund("fund-other", capital_fen=10_000_000_000)
        parties = {"nfgf": "fund-other", "province": PROVINCE}
        other = {"programme": "other", "fund": "fund-other", "parties": parties}
        await scheme.programme({**SCITECH, **other})
        return "nfgf-scitech", "other"

    async def test_is_not_exceeded_by_two_programmes_at_once(
        self, scheme: Scheme, programmes: tuple[str, str]
    ) -> None:
        first, second = [a_request(amount_fen=2_000_000_000, programme=p) for p in programmes]

        async with scheme.service.database.transaction() as open_work:
            await enrolments.decide_request(open_work, first, packs=shipped_packs())
            waiting = asyncio.create_task(decide(scheme, second))
            await until(lambda: _waits_for_a_firm(scheme), what="the second request waits")
        await waiting

        states = [(await scheme.guarantee_of(r.loan_id))["state"] for r in (first, second)]
        assert states == ["issued", "declined"]
        refusals = (await scheme.guarantee_of(second.loan_id))["refusals"]
        assert [refusal["code"] for refusal in refusals] == ["firm-balance"]

    async def test_is_held_by_batches_that_meet_crosswise(
        self, scheme: Scheme, programmes: tuple[str, str]
    ) -> None:
        await scheme.firm(OTHER_FIRM, "hnte")
        met = asyncio.Barrier(2)

        async def batch(programme: str, *firms: str) -> None:
            requests = [
                a_request(programme=programme, uscc=firm, amount_fen=2_000_000_000)
                for firm in firms
            ]
            async with scheme.service.database.transaction() as work:
                await enrolments.decide_request(work, requests[0], packs=shipped_packs())
                await met.wait()
                await enrolments.decide_request(work, requests[1], packs=shipped_packs())

        ends = await asyncio.gather(
            batch(programmes[0], FIRM, OTHER_FIRM),
            batch(programmes[1], OTHER_FIRM, FIRM),
            return_exceptions=True,
        )

        assert sorted(map(type, ends), key=str) == sorted([type(None), DatabaseBusy], key=str)
        in_force = (await scheme.read("/v1/guarantees"))["items"]
        assert sorted(g["uscc"] for g in in_force) == sorted([FIRM, OTHER_FIRM])


async def _waits_for_a_firm(scheme: Scheme) -> bool:
    async with scheme.service.database.read() as work:
        found: bool = await work.fetchval(
            "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON oid = database "
            "WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted)"
        )
    return found


class TestCash:
    async def test_is_set_aside_once(self, scheme: Scheme) -> None:
        part = 99_999_999

        done = await asyncio.gather(*(reserve(scheme, part) for _ in range(AT_ONCE)))

        assert sum(done) == 100
        fund = await scheme.read(f"/v1/funds/{POOL}")
        assert (fund["reserved_fen"], fund["free_fen"]) == (100 * part, 100)


class TestVersions:
    async def test_count_events_without_gap_or_repetition(self, scheme: Scheme) -> None:
        await asyncio.gather(*(decide(scheme, a_request(amount_fen=100)) for _ in range(AT_ONCE)))

        told = await scheme.service.published()
        of_fund = [r.sequence for r in told if r.data.subject == NFGF]
        assert of_fund == list(range(1, AT_ONCE + 2))


class TestClosing:
    async def test_frees_quota_and_commitment(self, scheme: Scheme) -> None:
        request = a_request()
        await scheme.service.deliver(request, a_drawdown(request))
        stored = await scheme.guarantee_of(request.loan_id)

        async with scheme.service.database.transaction() as work:
            await guarantees.close(work, stored["guarantee_id"])

        assert (await scheme.guarantee_of(request.loan_id))["state"] == "closed"
        assert (await scheme.read("/v1/programmes/nfgf-scitech"))["enrolled_fen"] == 0
        assert (await scheme.read(f"/v1/funds/{NFGF}"))["committed_fen"] == 0
        assert (await scheme.service.published_types())[-2:] == [
            "guarantee.guarantee.closed.v1",
            "guarantee.fund.commitment_released.v1",
        ]
