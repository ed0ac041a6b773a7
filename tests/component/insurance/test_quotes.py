"""The what-if endpoints and the rule packs of insurance over REST, with published figures."""

import copy
from typing import Any

import httpx
import pytest

from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.packs import INSURANCE_PACKS
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

SUBSIDY = "/v1/premium-subsidies/quote"
COINSURANCE = "/v1/coinsurance-splits/quote"
PACK = "first-set-2025"
CONTENT = INSURANCE_PACKS.joinpath(f"{PACK}.yaml").read_text("utf-8")
FACTS = {
    "premium_paid_fen": 100_000_000,
    "quota_fen": 70_000_000,
    "qualified_before_application": True,
}
QUESTION = {"rule_pack": PACK, "on": "2026-03-02", "facts": FACTS}
SHARES = [
    {"insurer": "insurer-lead", "share_ppm": 400_000},
    {"insurer": "insurer-co1", "share_ppm": 300_000},
    {"insurer": "insurer-co2", "share_ppm": 200_000},
    {"insurer": "insurer-co3", "share_ppm": 100_000},
]
CLAIM = {"claim_fen": 100_000_001, "shares": SHARES, "cessions": {"insurer-lead": 300_000}}


@pytest.fixture
async def insurance(service_of: ServiceFactory) -> ServiceUnderTest:
    """The insurance service, which has heard of nobody."""
    return await service_of("insurance")


async def ask(insurance: ServiceUnderTest, path: str, body: object) -> httpx.Response:
    """Ask as anybody with a token: no scope, no Idempotency-Key."""
    headers = {"Authorization": insurance.headers("bank-haizhou")["Authorization"]}
    return await insurance.client.post(path, json=body, headers=headers)


async def read(insurance: ServiceUnderTest, path: str) -> httpx.Response:
    """Read as anybody with a token."""
    headers = {"Authorization": insurance.headers("bank-haizhou")["Authorization"]}
    return await insurance.client.get(path, headers=headers)


class TestPremiumSubsidies:
    @pytest.mark.parametrize(
        ("changes", "base_fen", "subsidy_fen"),
        [
            ({"quota_fen": 70_000_000}, 100_000_000, 70_000_000),
            ({"quota_fen": 90_000_000}, 100_000_000, 80_000_000),
            ({"qualified_before_application": False}, 0, 0),
            ({"premium_paid_fen": 0}, 0, 0),
            ({"premium_paid_fen": 1}, 1, 0),
        ],
    )
    async def test_answers_as_the_2025_call_says(
        self,
        insurance: ServiceUnderTest,
        changes: dict[str, object],
        base_fen: int,
        subsidy_fen: int,
    ) -> None:
        facts: dict[str, Any] = {**FACTS, **changes}

        answer = await ask(insurance, SUBSIDY, {**QUESTION, "facts": facts})

        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert set(body) == {
            "rule_pack",
            "premium_fen",
            "subsidy_base_fen",
            "subsidy_fen",
            "trace",
        }
        assert body["premium_fen"] == facts["premium_paid_fen"]
        assert (body["subsidy_base_fen"], body["subsidy_fen"]) == (base_fen, subsidy_fen)
        assert all(step["step"] and step["zh"] and step["en"] for step in body["trace"])

    async def test_takes_the_pack_by_id_by_version_or_inline(
        self, insurance: ServiceUnderTest
    ) -> None:
        whole = (await read(insurance, f"/v1/rule-packs/{PACK}")).json()["pack"]
        draft = copy.deepcopy(whole)
        draft["subsidies"][0]["rates"][0]["rate_ppm"] = 600_000
        forms = [PACK, {"id": PACK, "version": 1}, whole, draft]

        answers = [
            (await ask(insurance, SUBSIDY, {**QUESTION, "rule_pack": form})).json()
            for form in forms
        ]

        assert [answer["subsidy_fen"] for answer in answers] == [
            70_000_000,
            70_000_000,
            70_000_000,
            60_000_000,
        ]
        shipped, versioned, inline, changed = (answer["rule_pack"] for answer in answers)
        assert shipped == versioned == inline
        assert (shipped["id"], shipped["version"]) == (PACK, 1)
        assert changed["digest"] != shipped["digest"]

    @pytest.mark.parametrize("fact", sorted(FACTS))
    async def test_names_the_fact_that_is_missing(
        self, insurance: ServiceUnderTest, fact: str
    ) -> None:
        facts = {name: value for name, value in FACTS.items() if name != fact}

        answer = await ask(insurance, SUBSIDY, {**QUESTION, "facts": facts})

        assert_refused(answer, 422, "rule-pack-input", field=f"/facts/{fact}")

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"facts": {**FACTS, "weather": 1}}, "rule-pack-input", "/facts/weather"),
            ({"facts": {**FACTS, "quota_fen": 1.0}}, "rule-pack-input", "/facts/quota_fen"),
            ({"facts": {**FACTS, "quota_fen": "1"}}, "rule-pack-input", "/facts/quota_fen"),
            ({"facts": {**FACTS, "quota_fen": True}}, "rule-pack-input", "/facts/quota_fen"),
            ({"facts": {**FACTS, "quota_fen": -1}}, "rule-pack-input", "/facts/quota_fen"),
            (
                {"facts": {**FACTS, "qualified_before_application": 1}},
                "rule-pack-input",
                "/facts/qualified_before_application",
            ),
            ({"facts": []}, "malformed", "/facts"),
            ({"on": "2026-02-30"}, "malformed", "/on"),
            ({"on": 86_400}, "malformed", "/on"),
            ({"more": 1}, "malformed", "/more"),
            ({"rule_pack": None}, "malformed-pack", "/rule_pack"),
            ({"rule_pack": {"id": PACK, "version": "1"}}, "malformed-pack", "/rule_pack"),
            (
                {"rule_pack": {"id": "draft", "subsidies": 1}},
                "malformed-pack",
                "/rule_pack/subsidies",
            ),
        ],
    )
    async def test_names_what_is_wrong_with_the_question(
        self, insurance: ServiceUnderTest, changes: dict[str, Any], code: str, field: str
    ) -> None:
        answer = await ask(insurance, SUBSIDY, {**QUESTION, **changes})

        assert_refused(answer, 422, code, field=field)

    @pytest.mark.parametrize(
        "changes",
        [
            {"rule_pack": "no-such"},
            {"rule_pack": {"id": PACK, "version": 2}},
            {"on": "2024-12-31"},
        ],
    )
    async def test_knows_no_other_pack_and_none_before_its_first_day(
        self, insurance: ServiceUnderTest, changes: dict[str, Any]
    ) -> None:
        answer = await ask(insurance, SUBSIDY, {**QUESTION, **changes})

        assert_refused(answer, 404, "rule-pack-not-found")


class TestCoinsuranceSplits:
    async def test_splits_a_claim_and_takes_the_leads_cession_off(
        self, insurance: ServiceUnderTest
    ) -> None:
        answer = await ask(insurance, COINSURANCE, CLAIM)

        assert answer.status_code == 200, answer.text
        names = ("insurer", "gross_fen", "ceded_fen", "retained_fen")
        assert answer.json() == {
            "legs": [
                dict(zip(names, row, strict=True))
                for row in (
                    ("insurer-lead", 40_000_001, 12_000_000, 28_000_001),
                    ("insurer-co1", 30_000_000, 0, 30_000_000),
                    ("insurer-co2", 20_000_000, 0, 20_000_000),
                    ("insurer-co3", 10_000_000, 0, 10_000_000),
                )
            ]
        }

    async def test_needs_no_cession(self, insurance: ServiceUnderTest) -> None:
        answer = await ask(insurance, COINSURANCE, {"claim_fen": 0, "shares": SHARES})

        assert [leg["retained_fen"] for leg in answer.json()["legs"]] == [0, 0, 0, 0]

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"claim_fen": -1}, "malformed", "/claim_fen"),
            ({"claim_fen": 1.5}, "malformed", "/claim_fen"),
            ({"claim_fen": "1"}, "malformed", "/claim_fen"),
            ({"claim_fen": True}, "malformed", "/claim_fen"),
            ({"claim_fen": 2**63}, "malformed", "/claim_fen"),
            ({"shares": []}, "malformed", "/shares"),
            ({"shares": SHARES[:3]}, "coinsurance-shares", "/shares"),
            ({"shares": [*SHARES, SHARES[0]]}, "coinsurance-shares", "/shares"),
            (
                {"shares": [{"insurer": "Lead", "share_ppm": 1}]},
                "malformed",
                "/shares/0/insurer",
            ),
            (
                {"shares": [{"insurer": "a1", "share_ppm": 1.5}]},
                "malformed",
                "/shares/0/share_ppm",
            ),
            ({"cessions": {"insurer-x": 1}}, "coinsurance-shares", "/cessions/insurer-x"),
            (
                {"cessions": {"insurer-lead": 1_000_001}},
                "malformed",
                "/cessions/insurer-lead",
            ),
            ({"cessions": []}, "malformed", "/cessions"),
            ({"more": 1}, "malformed", "/more"),
        ],
    )
    async def test_names_what_is_wrong_with_the_question(
        self, insurance: ServiceUnderTest, changes: dict[str, Any], code: str, field: str
    ) -> None:
        answer = await ask(insurance, COINSURANCE, {**CLAIM, **changes})

        assert_refused(answer, 422, code, field=field)


class TestRulePacks:
    async def test_are_listed_and_shown_with_all_that_they_say(
        self, insurance: ServiceUnderTest
    ) -> None:
        listed = (await read(insurance, "/v1/rule-packs")).json()["items"]
        shown = (await read(insurance, f"/v1/rule-packs/{PACK}")).json()
        first = (await read(insurance, f"/v1/rule-packs/{PACK}?version=1")).json()

        ids = {path.stem for path in INSURANCE_PACKS.glob("*.yaml")}
        assert {item["id"] for item in listed} == ids
        assert shown == first
        assert next(item for item in listed if item["id"] == PACK).items() <= shown.items()
        assert shown["pack"]["subsidies"][0]["rates"][0]["rate_ppm"] == 800_000
        answer = await ask(insurance, SUBSIDY, QUESTION)
        assert answer.json()["rule_pack"]["digest"] == shown["digest"]

    @pytest.mark.parametrize("name", ["no-such", f"{PACK}?version=9"])
    async def test_are_not_found_under_another_name_or_version(
        self, insurance: ServiceUnderTest, name: str
    ) -> None:
        answer = await read(insurance, f"/v1/rule-packs/{name}")

        assert_refused(answer, 404, "rule-pack-not-found")

    async def test_are_validated_with_their_own_examples(self, insurance: ServiceUnderTest) -> None:
        path = "/v1/rule-packs/validate"
        good = await ask(insurance, path, {"content": CONTENT})
        wrong = CONTENT.replace("rate_ppm: 800000", "rate_ppm: 600000")
        failing = await ask(insurance, path, {"content": wrong})

        names = [example["name"] for example in good.json()["examples"]]
        assert good.json()["valid"] is True
        assert len(names) == 3
        assert failing.json()["valid"] is False
        passed = {item["name"]: item["passed"] for item in failing.json()["examples"]}
        assert [passed[name] for name in names] == [False, False, True]

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            ("- a\n", "malformed-pack"),
            ("id: [\n", "malformed-pack"),
            ("", "malformed-pack"),
            (CONTENT.replace("version: 1", "version: 1.5"), "malformed-pack"),
            ("x" * 1_000_001, "malformed"),
            (7, "malformed"),
        ],
        ids=["a list", "no YAML", "nothing", "half a version", "too long", "no text"],
    )
    async def test_are_refused_as_drafts_that_are_malformed(
        self, insurance: ServiceUnderTest, content: object, code: str
    ) -> None:
        answer = await ask(insurance, "/v1/rule-packs/validate", {"content": content})

        assert_refused(answer, 422, code)

    @pytest.mark.parametrize("path", ["/v1/rule-packs", f"/v1/rule-packs/{PACK}"])
    async def test_are_read_with_a_token(self, insurance: ServiceUnderTest, path: str) -> None:
        assert_refused(await insurance.client.get(path), 401, "unauthenticated")

    @pytest.mark.parametrize(
        ("path", "body"),
        [(SUBSIDY, QUESTION), (COINSURANCE, CLAIM), ("/v1/rule-packs/validate", {"content": ""})],
    )
    async def test_are_asked_with_a_token(
        self, insurance: ServiceUnderTest, path: str, body: object
    ) -> None:
        assert_refused(await insurance.client.post(path, json=body), 401, "unauthenticated")
