"""Every guarantee pack that ships, asked over REST for the figures that its scheme publishes."""

from typing import Any, ClassVar

import httpx
import pytest

from tests.conftest import ServiceFactory
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

YUAN = 100
SHIPPED = {
    "anhui-4321",
    "anhui-pool-2022",
    "guarantor-regulation-683",
    "jiangsu-sukedai",
    "jiangsu-xiaoweidai",
    "kunshan-kunkedai",
    "lianyungang-xinbao",
    "nfgf-general",
    "nfgf-scitech-2024",
    "sip-guarantor-subsidy",
    "sip-yuankedai",
    "suzhou-xinbaodai",
}
LPR = {"1Y": 30_000, "5Y": 35_000}


@pytest.fixture
async def guarantee(service_of: ServiceFactory) -> ServiceUnderTest:
    """The guarantee service."""
    return await service_of("guarantee")


async def ask(
    guarantee: ServiceUnderTest, path: str, pack: str, facts: object, **more: object
) -> httpx.Response:
    """Ask as anybody with a token."""
    headers = {"Authorization": guarantee.headers("bank-haizhou")["Authorization"]}
    body = {"rule_pack": pack, "on": "2026-03-02", "facts": facts, **more}
    return await guarantee.client.post(f"/v1/{path}", json=body, headers=headers)


async def answered(
    guarantee: ServiceUnderTest, path: str, pack: str, facts: object, **more: object
) -> dict[str, Any]:
    """Ask and return the answer, which names the pack and explains itself in both languages."""
    answer = await ask(guarantee, path, pack, facts, **more)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["rule_pack"]["id"] == pack
    assert body["trace"]
    assert all(step["step"] and step["zh"] and step["en"] for step in body["trace"])
    return body


def codes(body: dict[str, Any], kind: str = "refusals") -> list[str]:
    return [finding["code"] for finding in body[kind]]


class TestShippedPacks:
    async def test_are_all_that_the_contracts_name(self, guarantee: ServiceUnderTest) -> None:
        headers = {"Authorization": guarantee.headers("bank-haizhou")["Authorization"]}

        listed = (await guarantee.client.get("/v1/rule-packs", headers=headers)).json()["items"]

        assert {pack["id"] for pack in listed} == SHIPPED

    async def test_say_in_the_title_that_shares_are_illustrative(
        self, guarantee: ServiceUnderTest
    ) -> None:
        headers = {"Authorization": guarantee.headers("bank-haizhou")["Authorization"]}

        shown = await guarantee.client.get("/v1/rule-packs/lianyungang-xinbao", headers=headers)

        assert "示例" in shown.json()["title"]["zh"]
        assert "illustrative" in shown.json()["title"]["en"]


class TestLossSplits:
    @pytest.mark.parametrize(
        ("pack", "facts", "loss_yuan", "expected_yuan"),
        [
            (
                "kunshan-kunkedai",
                {"sales_fen": 20_000_000 * YUAN, "borrower_kind": "firm"},
                5_000_000,
                {"bank": 1_000_000, "pool": 4_000_000},
            ),
            (
                "kunshan-kunkedai",
                {"sales_fen": 20_000_000 * YUAN + 1, "borrower_kind": "firm"},
                10_000_000,
                {"bank": 3_000_000, "pool": 7_000_000},
            ),
            (
                "anhui-4321",
                {},
                5_000_000,
                {
                    "bank": 1_000_000,
                    "province": 1_500_000,
                    "guarantor": 2_000_000,
                    "local_government": 500_000,
                },
            ),
            (
                "jiangsu-xiaoweidai",
                {},
                1_000_000,
                {"bank": 200_000, "guarantor": 800_000},
            ),
            (
                "nfgf-general",
                {"firm_categories": ["ordinary_sme"]},
                10_000_000,
                {
                    "bank": 2_000_000,
                    "nfgf": 2_000_000,
                    "province": 2_000_000,
                    "guarantor": 4_000_000,
                },
            ),
        ],
    )
    async def test_are_as_published(
        self,
        guarantee: ServiceUnderTest,
        pack: str,
        facts: object,
        loss_yuan: int,
        expected_yuan: dict[str, int],
    ) -> None:
        body = await answered(
            guarantee, "loss-splits/quote", pack, facts, loss_fen=loss_yuan * YUAN
        )

        borne = {leg["party"]: leg["amount_fen"] for leg in body["legs"]}
        assert borne == {party: yuan * YUAN for party, yuan in expected_yuan.items()}

    async def test_of_the_national_fund_stop_at_a_cap_of_four_per_cent(
        self, guarantee: ServiceUnderTest
    ) -> None:
        body = await answered(
            guarantee,
            "loss-splits/quote",
            "nfgf-general",
            {"firm_categories": ["specialised_sme"]},
            loss_fen=1_000_000 * YUAN,
            counters={
                "rate_cap_base_fen": 200_000_000 * YUAN,
                "claims_paid_this_year_fen": 9_600_000 * YUAN,
            },
        )

        borne = {leg["party"]: leg["amount_fen"] for leg in body["legs"]}
        assert borne["nfgf"] == 0
        assert borne["guarantor"] == 600_000 * YUAN

    async def test_of_a_pack_that_has_none_are_refused(self, guarantee: ServiceUnderTest) -> None:
        answer = await ask(
            guarantee, "loss-splits/quote", "jiangsu-sukedai", {}, loss_fen=1_000_000 * YUAN
        )

        assert answer.status_code == 409
        assert answer.json()["code"] == "pack-section-missing"


class TestTerms:
    XINBAO: ClassVar[dict[str, object]] = {
        "loan_kind": "guaranteed",
        "amount_fen": 3_000_000 * YUAN,
        "rate_ppm": 33_000,
        "tenor_months": 24,
        "guarantee_fee_rate_ppm": 5_000,
        "fund_fee_fen": 0,
        "enterprise_size": "small",
    }

    @pytest.mark.parametrize(
        ("changes", "refusals", "warnings"),
        [
            ({}, [], []),
            ({"rate_ppm": 33_100}, ["rate"], []),
            ({"loan_kind": "unsecured", "rate_ppm": 38_000}, [], []),
            ({"loan_kind": "unsecured", "rate_ppm": 38_100}, ["rate"], []),
            ({"amount_fen": 3_000_000 * YUAN + 1}, ["amount"], []),
            ({"tenor_months": 36}, [], ["tenor"]),
            ({"tenor_months": 37}, ["tenor"], []),
            ({"tenor_months": 5}, [], ["tenor"]),
            ({"enterprise_size": "medium"}, ["enterprise_size"], []),
            ({"guarantee_fee_rate_ppm": 5_100}, ["fee"], []),
            ({"fund_fee_fen": 1}, ["fund_fee"], []),
        ],
    )
    async def test_of_lianyungang(
        self,
        guarantee: ServiceUnderTest,
        changes: dict[str, object],
        refusals: list[str],
        warnings: list[str],
    ) -> None:
        body = await answered(
            guarantee, "terms/check", "lianyungang-xinbao", self.XINBAO | changes, lpr=LPR
        )

        assert codes(body) == refusals
        assert codes(body, "warnings") == warnings
        assert body["accepted"] is not bool(refusals)

    @pytest.mark.parametrize(
        ("sales_fen", "amount_fen", "rate_ppm"),
        [
            (20_000_000 * YUAN, 5_000_000 * YUAN, 35_000),
            (20_000_000 * YUAN + 1, 10_000_000 * YUAN, 38_000),
            (50_000_000 * YUAN, 10_000_000 * YUAN, 38_000),
            (50_000_000 * YUAN + 1, 30_000_000 * YUAN, 40_000),
            (400_000_000 * YUAN, 30_000_000 * YUAN, 40_000),
        ],
    )
    async def test_of_sukedai_are_met_at_the_limit_and_broken_beyond_it(
        self, guarantee: ServiceUnderTest, sales_fen: int, amount_fen: int, rate_ppm: int
    ) -> None:
        at = {
            "sales_fen": sales_fen,
            "amount_fen": amount_fen,
            "rate_ppm": rate_ppm,
            "tenor_months": 12,
        }
        beyond = at | {"amount_fen": amount_fen + 1, "rate_ppm": rate_ppm + 1}

        met = await answered(guarantee, "terms/check", "jiangsu-sukedai", at, lpr=LPR)
        broken = await answered(guarantee, "terms/check", "jiangsu-sukedai", beyond, lpr=LPR)

        assert met["accepted"]
        assert codes(broken) == ["amount", "rate"]

    async def test_of_sukedai_end_at_four_hundred_million_of_sales(
        self, guarantee: ServiceUnderTest
    ) -> None:
        facts = {
            "sales_fen": 400_000_000 * YUAN + 1,
            "amount_fen": 1,
            "rate_ppm": 0,
            "tenor_months": 1,
        }

        body = await answered(guarantee, "terms/check", "jiangsu-sukedai", facts, lpr=LPR)

        assert codes(body) == ["sales"]

    @pytest.mark.parametrize(("more", "refusals"), [(0, []), (1, ["amount"])])
    async def test_of_4321_end_at_twenty_million(
        self, guarantee: ServiceUnderTest, more: int, refusals: list[str]
    ) -> None:
        facts = {"amount_fen": 20_000_000 * YUAN + more}

        body = await answered(guarantee, "terms/check", "anhui-4321", facts, lpr=LPR)

        assert codes(body) == refusals


class TestFees:
    async def test_of_lianyungang(self, guarantee: ServiceUnderTest) -> None:
        body = await answered(guarantee, "fees/quote", "lianyungang-xinbao", TestTerms.XINBAO)

        assert body["fee_fen"] == 15_000 * YUAN


class TestReimbursements:
    ANHUI: ClassVar[dict[str, object]] = {
        "applicant": "bank",
        "npl_principal_fen": 2_000_000 * YUAN,
        "borne_fen": 2_000_000 * YUAN,
        "other_public_compensation_fen": 0,
        "first_loan": False,
        "unsecured_or_ip_or_receivable": False,
    }

    @pytest.mark.parametrize(
        ("changes", "expected_yuan"),
        [
            ({}, 600_000),
            ({"first_loan": True}, 700_000),
            ({"first_loan": True, "unsecured_or_ip_or_receivable": True}, 700_000),
            ({"other_public_compensation_fen": 1_200_000 * YUAN}, 400_000),
            ({"applicant": "guarantor", "borne_fen": 1_000_000 * YUAN}, 400_000),
            (
                {
                    "applicant": "guarantor",
                    "npl_principal_fen": 1_000_000 * YUAN,
                    "borne_fen": 1_000_000 * YUAN,
                },
                200_000,
            ),
        ],
    )
    async def test_of_the_anhui_pool(
        self, guarantee: ServiceUnderTest, changes: dict[str, object], expected_yuan: int
    ) -> None:
        body = await answered(
            guarantee, "reimbursements/quote", "anhui-pool-2022", self.ANHUI | changes
        )

        assert body["reimbursement_fen"] == expected_yuan * YUAN

    @pytest.mark.parametrize(
        ("loss_yuan", "paid_yuan", "expected_yuan"),
        [
            (8_000_000, 0, 1_600_000),
            (12_000_000, 0, 2_000_000),
            (8_000_000, 2_000_000, 0),
            (8_000_000, 1_000_000, 1_000_000),
        ],
    )
    async def test_of_the_park(
        self, guarantee: ServiceUnderTest, loss_yuan: int, paid_yuan: int, expected_yuan: int
    ) -> None:
        facts = {"actual_loss_fen": loss_yuan * YUAN, "paid_this_year_fen": paid_yuan * YUAN}

        body = await answered(guarantee, "reimbursements/quote", "sip-guarantor-subsidy", facts)

        assert body["reimbursement_fen"] == expected_yuan * YUAN

    async def test_name_the_fact_that_is_missing_or_unknown(
        self, guarantee: ServiceUnderTest
    ) -> None:
        facts = {"actual_loss_fen": 1, "loss": 2}

        answer = await ask(guarantee, "reimbursements/quote", "sip-guarantor-subsidy", facts)

        assert answer.status_code == 422
        found = {(v["code"], v["field"]) for v in answer.json()["violations"]}
        assert found == {
            ("missing_fact", "/facts/paid_this_year_fen"),
            ("unknown_fact", "/facts/loss"),
        }

    async def test_of_a_pack_that_has_none_are_refused(self, guarantee: ServiceUnderTest) -> None:
        answer = await ask(guarantee, "reimbursements/quote", "anhui-4321", {})

        assert answer.json()["code"] == "pack-section-missing"


class TestCapacity:
    FACTS: ClassVar[dict[str, object]] = {
        "net_assets_fen": 200_000_000 * YUAN,
        "total_liability_fen": 0,
        "client_liability_fen": 15_000_000 * YUAN,
        "group_liability_fen": 15_000_000 * YUAN,
        "new_liability_fen": 5_000_000 * YUAN,
        "mainly_small_or_agri": True,
    }

    @pytest.mark.parametrize(
        ("changes", "refusals"),
        [
            ({}, []),
            ({"new_liability_fen": 6_000_000 * YUAN}, ["client"]),
            ({"total_liability_fen": 2_995_000_000 * YUAN}, []),
            ({"total_liability_fen": 2_995_000_000 * YUAN + 1}, ["total"]),
            (
                {"total_liability_fen": 1_995_000_000 * YUAN + 1, "mainly_small_or_agri": False},
                ["total"],
            ),
            ({"group_liability_fen": 25_000_000 * YUAN + 1}, ["group"]),
        ],
    )
    async def test_keeps_the_limits_of_the_regulation(
        self, guarantee: ServiceUnderTest, changes: dict[str, object], refusals: list[str]
    ) -> None:
        body = await answered(
            guarantee, "capacity/check", "guarantor-regulation-683", self.FACTS | changes
        )

        assert codes(body) == refusals
        assert body["accepted"] is not bool(refusals)

    async def test_says_what_could_have_been_taken_on(self, guarantee: ServiceUnderTest) -> None:
        body = await answered(guarantee, "capacity/check", "guarantor-regulation-683", self.FACTS)

        assert body["headroom_fen"] == {
            "total": 3_000_000_000 * YUAN,
            "client": 5_000_000 * YUAN,
            "group": 15_000_000 * YUAN,
        }
