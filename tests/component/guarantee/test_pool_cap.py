"""Caps on a real database: golden figures of the schemes, and approvals that race for the rest."""

import asyncio

import httpx
import pytest

from tests.conftest import ServiceFactory
from tests.support.claims import CHECKER, Claims, amounts
from tests.support.guarantees import GUARANTOR, POOL, Scheme, a_scheme

pytestmark = pytest.mark.component

PARK = "sip-yuankedai"
SUZHOU = {
    "programme": "suzhou-xinbaodai",
    "title": "信保贷(示例)",
    "rule_pack": "suzhou-xinbaodai",
    "fund": POOL,
    "parties": {"pool": POOL},
    "quota_fen": 100_000_000_000,
    "period_months": 6,
    "guarantee_type": "joint_and_several",
    "enrolment_days": 30,
    "due_days": 10,
    "effective_from": "2026-03-01",
}


@pytest.fixture
async def scheme(service_of: ServiceFactory) -> Scheme:
    """Funds, programmes, one firm."""
    return await a_scheme(await service_of("guarantee"))


async def verified(claims: Claims, fen: int) -> str:
    """Bring a claim over a whole loan to where only the approval is missing."""
    guarantee_id = await claims.bad_loan(programme=PARK, amount_fen=fen, owed_fen=fen)
    filed = await claims.file(guarantee_id, principal_outstanding_fen=fen)
    claim_id: str = filed["claim_id"]
    assert (await claims.verify(claim_id)).status_code == 200
    return claim_id


async def pool_paid(scheme: Scheme) -> int:
    """Read the counter of the park's programme."""
    programme = await scheme.read(f"/v1/programmes/{PARK}", org="operator")
    [whole] = [counters for counters in programme["counters"] if counters["bank"] is None]
    paid: int = whole["pool_paid_fen"]
    return paid


class TestGoldenFigures:
    async def test_suzhou_shares_loss_and_recovery(self, scheme: Scheme) -> None:
        await scheme.programme(SUZHOU)
        claims = Claims(scheme)
        guarantee_id = await claims.bad_loan(
            programme="suzhou-xinbaodai", amount_fen=200_000_000, owed_fen=200_000_000
        )

        claim = await claims.settled(guarantee_id, principal_outstanding_fen=200_000_000)
        back = await claims.recover(claim["claim_id"], cash_fen=80_000_000, costs_fen=5_000_000)

        assert amounts(claim["legs"]) == {
            "bank": 40_000_000,
            "guarantor": 30_000_000,
            "pool": 130_000_000,
        }
        assert amounts(back.json()["allocations"]) == {
            "bank": 15_000_000,
            "guarantor": 11_250_000,
            "pool": 48_750_000,
        }

    async def test_the_park_overflows_beyond_the_pools_cap(self, scheme: Scheme) -> None:
        await scheme.opening(PARK, 8_000_000_000)
        claims = Claims(scheme)
        for _ in range(3):
            await claims.approved(
                await claims.bad_loan(programme=PARK, amount_fen=500_000_000, owed_fen=500_000_000),
                principal_outstanding_fen=500_000_000,
            )
        assert await pool_paid(scheme) == 750_000_000

        claim = await claims.settled(
            await claims.bad_loan(programme=PARK, amount_fen=300_000_000, owed_fen=300_000_000),
            principal_outstanding_fen=300_000_000,
        )
        back = await claims.recover(claim["claim_id"], cash_fen=77_777_777, costs_fen=0)
        split = await claims.split(claim["claim_id"])

        assert amounts(claim["legs"]) == {
            "bank": 90_000_000,
            "guarantor": 160_000_000,
            "pool": 50_000_000,
        }
        assert amounts(claim["legs"], "overflow_fen")["bank"] == 60_000_000
        assert amounts(back.json()["allocations"]) == {
            "bank": 23_333_333,
            "guarantor": 41_481_481,
            "pool": 12_962_963,
        }
        assert split["inputs"]["counters"]["pool_paid_this_year_fen"] == 750_000_000
        assert split["counter_moves"] == {"pool_paid_this_year_fen": 50_000_000}
        assert await pool_paid(scheme) == 800_000_000
        assert {"cap", "overflow"} <= {step["step"].split("_")[0] for step in split["trace"]}

    async def test_the_national_fund_stops_at_the_rate_cap(self, scheme: Scheme) -> None:
        await scheme.opening("nfgf-scitech", 2_000_000_000)
        claims = Claims(scheme)
        await claims.approved(
            await claims.bad_loan(amount_fen=60_000_000, owed_fen=60_000_000),
            principal_outstanding_fen=60_000_000,
        )

        claim = await claims.approved(
            await claims.bad_loan(amount_fen=100_000_000, owed_fen=100_000_000),
            principal_outstanding_fen=100_000_000,
        )

        # The cap is 100,000,000; 40,000,000 are left, of which the fund bears its 35 %. The
        # uncovered 21,000,000 fall on the guarantor.
        assert amounts(claim["legs"]) == {
            "bank": 20_000_000,
            "nfgf": 14_000_000,
            "province": 20_000_000,
            "guarantor": 46_000_000,
        }


class TestRaces:
    async def test_two_approvals_at_once_never_exceed_the_cap(self, scheme: Scheme) -> None:
        await scheme.opening(PARK, 1_000_000_000)
        claims = Claims(scheme)
        ids = [await verified(claims, 150_000_000) for _ in range(2)]

        answers = await asyncio.gather(*(claims.approve(claim_id) for claim_id in ids))

        assert [answer.status_code for answer in answers] == [200, 200]
        pools = sorted(amounts(answer.json()["legs"])["pool"] for answer in answers)
        assert pools == [25_000_000, 75_000_000]
        assert await pool_paid(scheme) == 100_000_000
        for answer in answers:
            assert sum(amounts(answer.json()["legs"]).values()) == 150_000_000

    async def test_one_claim_is_approved_once(self, scheme: Scheme) -> None:
        await scheme.opening(PARK, 1_000_000_000)
        claims = Claims(scheme)
        claim_id = await verified(claims, 150_000_000)

        version = (await claims.read(claim_id))["version"]

        async def approve(by: str) -> httpx.Response:
            return await scheme.post(
                f"/v1/claims/{claim_id}/approve",
                {},
                org=GUARANTOR,
                scopes=("guarantee.claims:approve",),
                sub=by,
                If_Match=f'"{version}"',
            )

        answers = await asyncio.gather(approve(CHECKER), approve("checker-3"))

        assert sorted(answer.status_code for answer in answers) == [200, 412]
        assert await pool_paid(scheme) == 75_000_000

    async def test_one_guarantee_gets_one_claim(self, scheme: Scheme) -> None:
        claims = Claims(scheme)
        guarantee_id = await claims.bad_loan()

        async def file() -> httpx.Response:
            body = {
                "guarantee_id": guarantee_id,
                "principal_outstanding_fen": 333_333_333,
                "documents": [{"kind": "loan_contract", "sha256": "a" * 64}],
            }
            return await claims.try_file(body)

        answers = await asyncio.gather(file(), file())

        assert sorted(answer.status_code for answer in answers) == [201, 409]


class TestShortFund:
    async def test_keeps_the_claim_unapproved_and_the_counters_where_they_were(
        self, service_of: ServiceFactory
    ) -> None:
        scheme = await a_scheme(await service_of("guarantee"))
        await scheme.opening(PARK, 100_000_000_000)
        claims = Claims(scheme)
        rich = await claims.bad_loan(programme=PARK, amount_fen=500_000_000, owed_fen=500_000_000)
        async with scheme.service.database.transaction() as work:
            await work.execute("UPDATE fund SET reserved_fen = cash_fen - 1 WHERE code = $1", POOL)
        filed = await claims.file(rich, principal_outstanding_fen=500_000_000)
        await claims.verify(filed["claim_id"])

        refused = await claims.approve(filed["claim_id"])

        assert refused.status_code == 409
        assert refused.json()["code"] == "fund-short"
        assert (await claims.read(filed["claim_id"]))["state"] == "verified"
        assert await pool_paid(scheme) == 0
