"""Case files: everything about one guarantee in one answer, to each reader what it may see."""

from typing import Any

import pytest

from tests.conftest import ServiceFactory
from tests.support.claims import Claims, amounts
from tests.support.guarantees import BANK, NFGF, a_scheme

pytestmark = pytest.mark.component

READ = ("guarantee.guarantees:read",)


@pytest.fixture
async def claims(service_of: ServiceFactory) -> Claims:
    """Claims in a scheme whose year is opened."""
    scheme = await a_scheme(await service_of("guarantee"))
    await scheme.opening("nfgf-scitech", 20_000_000_000)
    return Claims(scheme)


async def file_of(claims: Claims, guarantee_id: str, *, org: str) -> dict[str, Any]:
    """Read a file as a party of the case."""
    return await claims.scheme.read(f"/v1/guarantees/{guarantee_id}/case", org=org, scopes=READ)


class TestCaseFile:
    async def test_of_a_loss_holds_contract_arithmetic_payments_and_ledger(
        self, claims: Claims
    ) -> None:
        guarantee_id = await claims.bad_loan()
        claim = await claims.settled(guarantee_id)
        assert (await claims.recover(claim["claim_id"])).status_code == 201

        file = await file_of(claims, guarantee_id, org=NFGF)

        [filed] = file["claims"]
        split = await claims.split(claim["claim_id"])
        assert file["guarantee"]["cover"]["rule_pack"] == split["rule_pack"]
        assert file["rule_pack"]["id"] == split["rule_pack"]["id"]
        assert filed["split"] == split
        assert filed["claim"] == await claims.read(claim["claim_id"])
        assert file["sums"] == {
            "lost_fen": 333_333_333,
            "paid_fen": 333_333_333,
            "recovered_fen": 95_000_000,
        }
        assert [each["cash_fen"] for each in filed["recoveries"]] == [100_000_000]
        kinds = [posting["kind"] for posting in file["postings"]]
        assert kinds == ["commitment_reserved", "claim_reserved", "leg_paid", "recovery_received"]
        borne = amounts(claim["legs"])["nfgf"]
        [paid] = [each for each in file["postings"] if each["kind"] == "leg_paid"]
        cash = next(each for each in paid["entries"] if each["account"] == "cash")
        assert cash["credit_fen"] == borne
        assert file["complete"] is True

    async def test_shows_the_ledger_to_the_fund_alone(self, claims: Claims) -> None:
        guarantee_id = await claims.bad_loan()
        await claims.approved(guarantee_id)

        seen_by_bank = await file_of(claims, guarantee_id, org=BANK)
        seen_by_auditor = await claims.scheme.read(
            f"/v1/guarantees/{guarantee_id}/case",
            scopes=(*READ, "guarantee.guarantees:read-all", "guarantee.fund:read-all"),
        )

        assert seen_by_bank["postings"] is None
        assert seen_by_bank["claims"][0]["split"]["digest"]
        assert [each["kind"] for each in seen_by_auditor["postings"]] == [
            "commitment_reserved",
            "claim_reserved",
        ]

    async def test_leads_to_the_picture_and_the_timeline(self, claims: Claims) -> None:
        guarantee_id = await claims.bad_loan()
        await claims.approved(guarantee_id)

        file = await file_of(claims, guarantee_id, org=BANK)

        service, picture = claims.scheme.service, file["claims"][0]["picture"]
        drawn = await service.client.get(
            picture, headers=service.headers(BANK, "guarantee.claims:read")
        )
        assert drawn.status_code == 200, drawn.text
        assert file["timeline"] == f"/v1/cases/{guarantee_id}/timeline"

    async def test_of_a_guarantee_without_claim_is_its_contract(self, claims: Claims) -> None:
        guarantee_id = await claims.bad_loan()

        file = await file_of(claims, guarantee_id, org=BANK)

        assert file["claims"] == []
        assert file["sums"] == {"lost_fen": 0, "paid_fen": 0, "recovered_fen": 0}

    async def test_is_hidden_from_a_stranger(self, claims: Claims) -> None:
        guarantee_id, service = await claims.bad_loan(), claims.scheme.service

        answer = await service.client.get(
            f"/v1/guarantees/{guarantee_id}/case", headers=service.headers("bank-ganyu", *READ)
        )

        assert (answer.status_code, answer.json()["code"]) == (404, "guarantee-not-found")
