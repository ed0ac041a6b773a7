"""Programmes: filed by one person of the fund, activated by another."""

from typing import Any

import httpx
import pytest

from shared.events.guarantee import ProgrammeActivated
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.city import an_institution
from tests.support.guarantees import (
    BANK,
    NFGF,
    POOL,
    PROGRAMMES,
    PROVINCE,
    READ_ALL,
    SCITECH,
    YUANKEDAI,
    Scheme,
)

pytestmark = pytest.mark.component

READ = ("guarantee.programmes:read",)


@pytest.fixture
async def scheme(service_of: ServiceFactory) -> Scheme:
    """A service with two funds and no programme."""
    scheme = Scheme(await service_of("guarantee"))
    await scheme.service.deliver(an_institution(PROVINCE, "reguarantor"))
    for code in (NFGF, POOL):
        await scheme.fund(code, capital_fen=10_000_000_000)
    return scheme


async def file(scheme: Scheme, *, org: str = NFGF, **changes: object) -> httpx.Response:
    return await scheme.post(
        "/v1/programmes", SCITECH | changes, org=org, scopes=PROGRAMMES, sub="maker"
    )


async def activate(
    scheme: Scheme,
    *,
    org: str = NFGF,
    sub: str = "checker",
    version: int = 0,
    scopes: tuple[str, ...] = PROGRAMMES,
) -> httpx.Response:
    return await scheme.post(
        f"/v1/programmes/{SCITECH['programme']}/activate",
        {},
        org=org,
        scopes=scopes,
        sub=sub,
        If_Match=f'"{version}"',
    )


class TestFiling:
    async def test_makes_a_draft_that_pins_the_pack(self, scheme: Scheme) -> None:
        answer = await file(scheme)

        assert answer.status_code == 201, answer.text
        assert answer.headers["etag"] == '"0"'
        assert answer.headers["location"] == "/v1/programmes/nfgf-scitech"
        draft = answer.json()
        assert (draft["state"], draft["created_by"], draft["activated_by"]) == (
            "draft",
            "maker",
            None,
        )
        assert draft["rule_pack"]["version"] == 1
        assert draft["rule_pack"]["digest"].startswith("sha256:")

    async def test_takes_a_code_once(self, scheme: Scheme) -> None:
        await file(scheme)

        assert_refused(await file(scheme), 409, "programme-exists")

    async def test_needs_an_open_fund(self, scheme: Scheme) -> None:
        await scheme.service.deliver(an_institution("fund-none", "fund"))

        answer = await file(
            scheme,
            org="fund-none",
            fund="fund-none",
            parties={"nfgf": "fund-none", "province": PROVINCE},
        )

        assert_refused(answer, 404, "fund-not-found")

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"programme": "NFGF"}, "/programme"),
            ({"title": " "}, "/title"),
            ({"rule_pack": "Not A Pack"}, "/rule_pack"),
            ({"rule_pack": 7}, "/rule_pack"),
            ({"fund": ""}, "/fund"),
            ({"parties": {"nfgf": "UPPER"}}, "/parties/nfgf"),
            ({"parties": ["fund-nfgf"]}, "/parties"),
            ({"quota_fen": 0}, "/quota_fen"),
            ({"quota_fen": 1.0}, "/quota_fen"),
            ({"period_months": 0}, "/period_months"),
            ({"guarantee_type": "silent"}, "/guarantee_type"),
            ({"enrolment_days": -1}, "/enrolment_days"),
            ({"due_days": 0}, "/due_days"),
            ({"effective_from": "2026-02-30"}, "/effective_from"),
            ({"state": "active"}, "/state"),
        ],
    )
    async def test_refuses_a_malformed_field(
        self, scheme: Scheme, change: dict[str, Any], field: str
    ) -> None:
        assert_refused(await file(scheme, **change), 422, "malformed", field=field)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"parties": {"nfgf": NFGF}}, "/parties/province"),
            ({"parties": {**SCITECH["parties"], "insurer": "insurer-lead"}}, "/parties/insurer"),
            ({"fund": POOL, "org": POOL}, "/fund"),
            ({"parties": {"nfgf": NFGF, "province": "reguarantor-jss"}}, "/parties/province"),
            ({"parties": {"nfgf": NFGF, "province": BANK}}, "/parties/province"),
        ],
    )
    async def test_refuses_what_does_not_fit_the_pack(
        self, scheme: Scheme, change: dict[str, Any], field: str
    ) -> None:
        await scheme.service.deliver(an_institution(BANK, "bank"))

        assert_refused(await file(scheme, **change), 409, "programme-unworkable", field=field)

    @pytest.mark.parametrize("org", [POOL, "operator", PROVINCE])
    async def test_is_the_funds_alone(self, scheme: Scheme, org: str) -> None:
        assert_refused(await file(scheme, org=org), 403, "not-the-fund")

    @pytest.mark.parametrize(
        "change", [{"rule_pack": "no-such-pack"}, {"effective_from": "2019-01-01"}]
    )
    async def test_finds_no_pack_of_another_name_or_day(
        self, scheme: Scheme, change: dict[str, Any]
    ) -> None:
        assert_refused(await file(scheme, **change), 404, "rule-pack-not-found")

    async def test_needs_the_scope(self, scheme: Scheme) -> None:
        answer = await scheme.post("/v1/programmes", SCITECH, org=NFGF, scopes=READ)

        assert_refused(answer, 403, "missing-scope")


class TestActivation:
    async def test_by_another_person_is_published(self, scheme: Scheme) -> None:
        await file(scheme)

        answer = await activate(scheme)

        assert answer.status_code == 200, answer.text
        assert (answer.json()["state"], answer.json()["activated_by"]) == ("active", "checker")
        assert answer.headers["etag"] == '"1"'
        [event] = [
            received.data
            for received in await scheme.service.published()
            if isinstance(received.data, ProgrammeActivated)
        ]
        assert f"sha256:{event.rule_pack_digest}" == answer.json()["rule_pack"]["digest"]

    async def test_by_its_maker_is_refused(self, scheme: Scheme) -> None:
        await file(scheme)

        assert_refused(await activate(scheme, sub="maker"), 409, "four-eyes")

    @pytest.mark.parametrize("org", [POOL, "operator", PROVINCE])
    async def test_by_another_organisation_is_refused(self, scheme: Scheme, org: str) -> None:
        await file(scheme)

        assert_refused(await activate(scheme, org=org), 403, "not-the-fund")

    async def test_happens_once(self, scheme: Scheme) -> None:
        await file(scheme)
        await activate(scheme)

        assert_refused(await activate(scheme, version=1), 409, "programme-not-draft")

    async def test_needs_the_version_the_scope_and_the_programme(self, scheme: Scheme) -> None:
        missing = await activate(scheme)
        await file(scheme)
        stale = await activate(scheme, version=3)
        unscoped = await activate(scheme, scopes=("guarantee.programmes:write",))
        without = await scheme.post(
            "/v1/programmes/nfgf-scitech/activate", {}, org=NFGF, scopes=PROGRAMMES, sub="checker"
        )

        assert_refused(missing, 404, "programme-not-found")
        assert_refused(stale, 412, "stale-version")
        assert_refused(unscoped, 403, "missing-scope")
        assert_refused(without, 428, "precondition-required")


class TestReading:
    async def test_hides_the_other_banks_counters(self, scheme: Scheme) -> None:
        await scheme.programme(YUANKEDAI)
        for bank in (None, BANK, "bank-ganyu"):
            await scheme.opening("sip-yuankedai", 1, bank=bank)

        seen = {}
        readers = ((BANK, READ), (POOL, READ), (NFGF, PROGRAMMES + READ), ("auditor", READ_ALL))
        for org, scopes in readers:
            shown = await scheme.read("/v1/programmes/sip-yuankedai", org=org, scopes=scopes)
            seen[org] = [counter["bank"] for counter in shown["counters"]]

        everyone = [None, "bank-ganyu", BANK]
        assert seen == {BANK: [None, BANK], POOL: everyone, NFGF: [None], "auditor": everyone}

    async def test_lists_programmes_by_code(self, scheme: Scheme) -> None:
        for body in (YUANKEDAI, SCITECH):
            await scheme.programme(body)

        first = await scheme.read("/v1/programmes?limit=1")
        rest = await scheme.read(f"/v1/programmes?limit=1&after={first['next']}")

        assert [i["programme"] for i in (*first["items"], *rest["items"])] == [
            "nfgf-scitech",
            "sip-yuankedai",
        ]


class TestRulePacks:
    async def test_are_listed_and_shown_to_any_caller(self, scheme: Scheme) -> None:
        listed = await scheme.read("/v1/rule-packs", org=BANK, scopes=())
        shown = await scheme.read("/v1/rule-packs/sip-yuankedai", org=BANK, scopes=())

        assert {"nfgf-scitech-2024", "sip-yuankedai", "suzhou-xinbaodai"} <= {
            item["id"] for item in listed["items"]
        }
        assert shown["pack"]["caps"][0]["name"] == "pool_year"
