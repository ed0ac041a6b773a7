"""The what-if endpoints over REST, with the figures that the schemes publish."""

from typing import Any

import httpx
import orjson
import pytest

from shared.money import MAX_FEN
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

SCITECH = {
    "rule_pack": "nfgf-scitech-2024",
    "on": "2026-03-02",
    "facts": {"firm_categories": ["hnte"]},
    "loss_fen": 333_333_333,
    "recovered_fen": 0,
    "counters": {},
}
YUANKEDAI = {
    "rule_pack": {"id": "sip-yuankedai", "version": 1},
    "on": "2026-03-02",
    "facts": {},
    "loss_fen": 300_000_000,
    "counters": {
        "prior_year_end_balance_fen": 8_000_000_000,
        "pool_paid_this_year_fen": 750_000_000,
    },
}
BREAKER = {
    "rule_pack": "sip-yuankedai",
    "on": "2026-03-02",
    "metrics": {
        "npl_principal_loss_fen": 799_999_999,
        "prior_year_end_balance_fen": 8_000_000_000,
    },
    "scope": {"bank": "bank-haizhou"},
}
BORNE = [
    {"party": "pool", "borne_fen": 130_000_000},
    {"party": "bank", "borne_fen": 40_000_000},
    {"party": "guarantor", "borne_fen": 30_000_000},
]
RECOVERY = {
    "borne": BORNE,
    "cash_fen": 80_000_000,
    "costs_fen": 5_000_000,
}
TERMS = {
    "rule_pack": "sip-yuankedai",
    "on": "2026-03-02",
    "facts": {"amount_fen": 500_000_001, "tenor_months": 13, "low_carbon_listed": False},
    "lpr": {"1Y": 30_000},
}


@pytest.fixture
async def guarantee(service_of: ServiceFactory) -> ServiceUnderTest:
    """The guarantee service."""
    return await service_of("guarantee")


async def ask(guarantee: ServiceUnderTest, path: str, body: object) -> httpx.Response:
    """Ask as anybody with a token: no scope, no Idempotency-Key."""
    headers = {"Authorization": guarantee.headers("bank-haizhou")["Authorization"]}
    return await guarantee.client.post(path, json=body, headers=headers)


def amounts(answer: httpx.Response, figure: str = "amount_fen") -> dict[str, int]:
    """Return what each party bears."""
    assert answer.status_code == 200, answer.text
    return {leg["party"]: leg[figure] for leg in answer.json()["legs"]}


class TestLossSplits:
    async def test_splits_by_the_tier_of_the_firm_and_says_by_which_pack(
        self, guarantee: ServiceUnderTest
    ) -> None:
        answer = await ask(guarantee, "/v1/loss-splits/quote", SCITECH)

        assert amounts(answer) == {
            "bank": 66_666_667,
            "nfgf": 116_666_666,
            "province": 66_666_667,
            "guarantor": 83_333_333,
        }
        body = answer.json()
        assert body["eligible_loss_fen"] == 333_333_333
        assert body["rule_pack"]["id"] == "nfgf-scitech-2024"
        assert body["rule_pack"]["version"] == 1
        assert body["rule_pack"]["digest"].startswith("sha256:")
        assert body["caps_not_applied"] == ["compensation_rate"]
        assert all(step["step"] and step["zh"] and step["en"] for step in body["trace"])

    @pytest.mark.parametrize(
        ("categories", "expected"),
        [
            (["specialised_sme"], [200_000_000, 400_000_000, 200_000_000, 200_000_000]),
            (["hnte"], [200_000_000, 350_000_000, 200_000_000, 250_000_000]),
            (["tech_sme"], [200_000_000, 300_000_000, 200_000_000, 300_000_000]),
        ],
    )
    async def test_takes_the_tier_that_the_firm_reaches(
        self, guarantee: ServiceUnderTest, categories: list[str], expected: list[int]
    ) -> None:
        question = {**SCITECH, "facts": {"firm_categories": categories}, "loss_fen": 1_000_000_000}

        answer = await ask(guarantee, "/v1/loss-splits/quote", question)

        assert list(amounts(answer).values()) == expected

    async def test_overflows_beyond_the_pools_cap(self, guarantee: ServiceUnderTest) -> None:
        answer = await ask(guarantee, "/v1/loss-splits/quote", YUANKEDAI)

        assert amounts(answer) == {"bank": 90_000_000, "guarantor": 160_000_000, "pool": 50_000_000}
        assert amounts(answer, "base_fen")["pool"] == 150_000_000
        assert amounts(answer, "overflow_fen") == {
            "bank": 60_000_000,
            "guarantor": 40_000_000,
            "pool": 0,
        }
        for leg in answer.json()["legs"]:
            assert leg["amount_fen"] == leg["capped_fen"] + leg["overflow_fen"]

    async def test_answers_the_suzhou_scheme_less_what_came_back(
        self, guarantee: ServiceUnderTest
    ) -> None:
        question = {
            "rule_pack": "suzhou-xinbaodai",
            "on": "2026-03-02",
            "loss_fen": 250_000_000,
            "recovered_fen": 50_000_000,
        }

        answer = await ask(guarantee, "/v1/loss-splits/quote", question)

        assert amounts(answer) == {
            "bank": 40_000_000,
            "guarantor": 30_000_000,
            "pool": 130_000_000,
        }

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"facts": {}}, "rule-pack-input", "/facts/firm_categories"),
            (
                {"facts": {"firm_categories": ["hnte"], "weather": 1}},
                "rule-pack-input",
                "/facts/weather",
            ),
            (
                {"facts": {"firm_categories": ["giant"]}},
                "rule-pack-input",
                "/facts/firm_categories",
            ),
            ({"counters": {"wrong_fen": 1}}, "rule-pack-input", "/counters/wrong_fen"),
            (
                {"counters": {"rate_cap_base_fen": 1}},
                "rule-pack-input",
                "/counters/claims_paid_this_year_fen",
            ),
            (
                {"counters": {"rate_cap_base_fen": 1.0, "claims_paid_this_year_fen": 0}},
                "rule-pack-input",
                "/counters/rate_cap_base_fen",
            ),
            ({"loss_fen": 1.0}, "malformed", "/loss_fen"),
            ({"loss_fen": "1"}, "malformed", "/loss_fen"),
            ({"loss_fen": True}, "malformed", "/loss_fen"),
            ({"loss_fen": -1}, "malformed", "/loss_fen"),
            ({"loss_fen": 2**63}, "malformed", "/loss_fen"),
            ({"recovered_fen": 333_333_334}, "amount-refused", "/recovered_fen"),
            ({"on": "2026-13-01"}, "malformed", "/on"),
            ({"more": 1}, "malformed", "/more"),
            ({"rule_pack": 7}, "malformed-pack", "/rule_pack"),
            ({"rule_pack": {"id": "x", "version": "1"}}, "malformed-pack", "/rule_pack"),
            ({"rule_pack": {"id": "draft", "tiers": 1}}, "malformed-pack", "/rule_pack/tiers"),
        ],
    )
    async def test_names_what_is_wrong_with_the_question(
        self, guarantee: ServiceUnderTest, changes: dict[str, Any], code: str, field: str
    ) -> None:
        answer = await ask(guarantee, "/v1/loss-splits/quote", {**SCITECH, **changes})

        assert_refused(answer, 422, code, field=field)

    async def test_knows_no_pack_before_it_came_into_force(
        self, guarantee: ServiceUnderTest
    ) -> None:
        answer = await ask(guarantee, "/v1/loss-splits/quote", {**SCITECH, "on": "2019-01-01"})

        assert_refused(answer, 404, "rule-pack-not-found")

    async def test_refuses_a_firm_that_no_tier_takes(self, guarantee: ServiceUnderTest) -> None:
        question = {**SCITECH, "facts": {"firm_categories": ["ordinary_sme"]}}

        answer = await ask(guarantee, "/v1/loss-splits/quote", question)

        assert_refused(answer, 409, "no-tier", field="/facts/firm_categories")

    async def test_asks_for_a_token(self, guarantee: ServiceUnderTest) -> None:
        answer = await guarantee.client.post("/v1/loss-splits/quote", json=SCITECH)

        assert_refused(answer, 401, "unauthenticated")


class TestRecoverySplits:
    async def test_pays_costs_first_then_by_borne_loss(self, guarantee: ServiceUnderTest) -> None:
        answer = await ask(guarantee, "/v1/recovery-splits/quote", RECOVERY)

        assert amounts(answer) == {"pool": 48_750_000, "bank": 15_000_000, "guarantor": 11_250_000}
        assert answer.json()["costs_paid_fen"] == 5_000_000
        assert answer.json()["surplus_fen"] == 0

    async def test_leaves_a_surplus_beyond_all_losses(self, guarantee: ServiceUnderTest) -> None:
        question = {**RECOVERY, "cash_fen": 205_000_001}

        answer = await ask(guarantee, "/v1/recovery-splits/quote", question)

        assert sum(amounts(answer).values()) == 200_000_000
        assert answer.json()["surplus_fen"] == 1

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"borne": []}, "malformed", "/borne"),
            ({"borne": [{"party": "Pool", "borne_fen": 1}]}, "malformed", "/borne/0/party"),
            ({"borne": [{"party": "pool", "borne_fen": 1.5}]}, "malformed", "/borne/0/borne_fen"),
            ({"borne": [*BORNE, BORNE[0]]}, "party-twice", "/borne/3/party"),
            ({"cash_fen": -1}, "malformed", "/cash_fen"),
            ({"costs_fen": "0"}, "malformed", "/costs_fen"),
        ],
    )
    async def test_names_what_is_wrong_with_the_question(
        self, guarantee: ServiceUnderTest, changes: dict[str, Any], code: str, field: str
    ) -> None:
        answer = await ask(guarantee, "/v1/recovery-splits/quote", {**RECOVERY, **changes})

        assert_refused(answer, 422, code, field=field)


class TestBreakers:
    @pytest.mark.parametrize(
        ("loss_fen", "state"), [(799_999_999, "normal"), (800_000_000, "suspended")]
    )
    async def test_compares_exactly(
        self, guarantee: ServiceUnderTest, loss_fen: int, state: str
    ) -> None:
        question = {
            **BREAKER,
            "metrics": {
                "npl_principal_loss_fen": loss_fen,
                "prior_year_end_balance_fen": 8_000_000_000,
            },
        }

        answer = await ask(guarantee, "/v1/breakers/check", question)

        assert answer.json()["state"] == state, answer.text
        assert answer.json()["threshold_ppm"] == 100_000
        assert answer.json()["ratio_ppm"] == loss_fen * 1_000_000 // 8_000_000_000

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            (
                {"metrics": {"npl_principal_loss_fen": 1}},
                "rule-pack-input",
                "/metrics/prior_year_end_balance_fen",
            ),
            ({"scope": {"county": "320706"}}, "scope-unknown", "/scope/county"),
        ],
    )
    async def test_names_what_is_wrong_with_the_question(
        self, guarantee: ServiceUnderTest, changes: dict[str, Any], code: str, field: str
    ) -> None:
        answer = await ask(guarantee, "/v1/breakers/check", {**BREAKER, **changes})

        assert_refused(answer, 422, code, field=field)


class TestTermsAndFees:
    async def test_says_every_limit_that_the_terms_break(self, guarantee: ServiceUnderTest) -> None:
        answer = await ask(guarantee, "/v1/terms/check", TERMS)

        assert answer.json()["accepted"] is False, answer.text
        found = {(f["code"], f["limit"], f["actual"]) for f in answer.json()["refusals"]}
        assert found == {("amount", 500_000_000, 500_000_001), ("tenor", 12, 13)}

    async def test_quotes_the_fee_of_the_guaranteed_amount(
        self, guarantee: ServiceUnderTest
    ) -> None:
        question = {
            "rule_pack": "nfgf-scitech-2024",
            "on": "2026-03-02",
            "facts": {"guaranteed_amount_fen": 500_000_001, "nfgf_share_ppm": 200_000},
        }

        answer = await ask(guarantee, "/v1/fees/quote", question)

        assert answer.json()["fee_fen"] == 500_000, answer.text

    @pytest.mark.parametrize("share_ppm", [1_000_001, MAX_FEN])
    async def test_refuses_a_share_of_more_than_the_whole(
        self, guarantee: ServiceUnderTest, share_ppm: int
    ) -> None:
        question = {
            "rule_pack": "nfgf-scitech-2024",
            "on": "2026-03-02",
            "facts": {"guaranteed_amount_fen": MAX_FEN, "nfgf_share_ppm": share_ppm},
        }

        answer = await ask(guarantee, "/v1/fees/quote", question)

        assert_refused(answer, 422, "rule-pack-input", field="/facts/nfgf_share_ppm")
        assert answer.json()["violations"][0]["limit"] == 1_000_000

    async def test_has_no_rule_for_a_section_that_the_pack_lacks(
        self, guarantee: ServiceUnderTest
    ) -> None:
        answer = await ask(
            guarantee, "/v1/breakers/check", {**BREAKER, "rule_pack": "suzhou-xinbaodai"}
        )

        assert_refused(answer, 409, "pack-section-missing")


class TestPackAsShown:
    @pytest.mark.parametrize("name", ["nfgf-scitech-2024", "suzhou-xinbaodai", "sip-yuankedai"])
    async def test_can_be_validated_again(self, guarantee: ServiceUnderTest, name: str) -> None:
        headers = guarantee.headers("anybody")
        shown = await guarantee.client.get(f"/v1/rule-packs/{name}", headers=headers)
        content = orjson.dumps(shown.json()["pack"]).decode()

        answer = await ask(guarantee, "/v1/rule-packs/validate", {"content": content})

        assert answer.status_code == 200, answer.text
        assert answer.json()["valid"] is True
