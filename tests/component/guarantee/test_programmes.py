"""Programmes: filed by one person, activated by another, opened once a year."""

from typing import Any

import httpx
import pytest

from services.guarantee.programmes import handlers as programmes
from services.guarantee.programmes.rules import WHOLE_PROGRAMME
from shared.events.guarantee import ProgrammeActivated
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.guarantees import (
    BANK,
    NFGF,
    POOL,
    PROGRAMMES,
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
    for code in (NFGF, POOL):
        await scheme.fund(code, capital_fen=10_000_000_000)
    return scheme


async def file(scheme: Scheme, **changes: object) -> httpx.Response:
    return await scheme.post(
        "/v1/programmes", SCITECH | changes, org="operator", scopes=PROGRAMMES, sub="maker"
    )


async def activate(
    scheme: Scheme,
    *,
    sub: str = "checker",
    version: int = 0,
    scopes: tuple[str, ...] = PROGRAMMES,
) -> httpx.Response:
    return await scheme.post(
        f"/v1/programmes/{SCITECH['programme']}/activate",
        {},
        org=POOL,
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
        answer = await file(
            scheme, fund="fund-none", parties={"nfgf": "fund-none", "province": "reguarantor-js"}
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
            ({"fund": POOL}, "/fund"),
        ],
    )
    async def test_refuses_what_does_not_fit_the_pack(
        self, scheme: Scheme, change: dict[str, Any], field: str
    ) -> None:
        assert_refused(await file(scheme, **change), 409, "programme-unworkable", field=field)

    @pytest.mark.parametrize(
        "change", [{"rule_pack": "no-such-pack"}, {"effective_from": "2019-01-01"}]
    )
    async def test_finds_no_pack_of_another_name_or_day(
        self, scheme: Scheme, change: dict[str, Any]
    ) -> None:
        assert_refused(await file(scheme, **change), 404, "rule-pack-not-found")

    async def test_needs_the_scope(self, scheme: Scheme) -> None:
        answer = await scheme.post("/v1/programmes", SCITECH, org="operator", scopes=READ)

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
            "/v1/programmes/nfgf-scitech/activate", {}, org=POOL, scopes=PROGRAMMES, sub="checker"
        )

        assert_refused(missing, 404, "programme-not-found")
        assert_refused(stale, 412, "stale-version")
        assert_refused(unscoped, 403, "missing-scope")
        assert_refused(without, 428, "precondition-required")


class TestOpenings:
    async def test_state_the_programmes_and_each_banks_base(self, scheme: Scheme) -> None:
        await scheme.programme(YUANKEDAI)

        whole = await scheme.opening("sip-yuankedai", 8_000_000_000)
        bank = await scheme.opening("sip-yuankedai", 4_000_000_000, bank=BANK)

        assert [whole.status_code, bank.status_code] == [201, 201]
        shown = await scheme.read("/v1/programmes/sip-yuankedai")
        assert [(c["bank"], c["prior_year_end_balance_fen"]) for c in shown["counters"]] == [
            (None, 8_000_000_000),
            (BANK, 4_000_000_000),
        ]

    async def test_are_stated_once(self, scheme: Scheme) -> None:
        await scheme.programme(YUANKEDAI)
        await scheme.opening("sip-yuankedai", 1)

        again = await scheme.opening("sip-yuankedai", 2)
        last_year = await scheme.opening("sip-yuankedai", 2, year=2025)
        next_year = await scheme.opening("sip-yuankedai", 2, year=2027)

        assert_refused(again, 409, "year-already-opened")
        assert last_year.status_code == 201
        assert_refused(next_year, 409, "year-not-begun", field="/year")

    async def test_keep_what_was_counted_before(self, scheme: Scheme) -> None:
        await scheme.programme(YUANKEDAI)
        async with scheme.service.database.transaction() as work:
            counters = await programmes.lock_counters(
                work, programme="sip-yuankedai", bank=WHOLE_PROGRAMME, year=2026
            )
            await programmes.save_counters(
                work, counters.moved({"pool_paid_this_year_fen": 7, "other": 9})
            )

        await scheme.opening("sip-yuankedai", 100)

        [shown] = (await scheme.read("/v1/programmes/sip-yuankedai"))["counters"]
        assert (shown["pool_paid_fen"], shown["prior_year_end_balance_fen"]) == (7, 100)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"year": 1999}, "/year"),
            ({"year": "2026"}, "/year"),
            ({"bank": ""}, "/bank"),
            ({"prior_year_end_balance_fen": -1}, "/prior_year_end_balance_fen"),
            ({"prior_year_end_balance_fen": None}, "/prior_year_end_balance_fen"),
        ],
    )
    async def test_refuse_a_malformed_field(
        self, scheme: Scheme, change: dict[str, Any], field: str
    ) -> None:
        body = {"year": 2026, "prior_year_end_balance_fen": 1} | change

        answer = await scheme.post(
            "/v1/programmes/nowhere/openings", body, org="operator", scopes=PROGRAMMES
        )

        assert_refused(answer, 422, "malformed", field=field)

    async def test_belong_to_a_programme(self, scheme: Scheme) -> None:
        assert_refused(await scheme.opening("nowhere", 1), 404, "programme-not-found")


class TestReading:
    async def test_hides_the_other_banks_counters(self, scheme: Scheme) -> None:
        await scheme.programme(YUANKEDAI)
        for bank in (None, BANK, "bank-ganyu"):
            await scheme.opening("sip-yuankedai", 1, bank=bank)

        seen = {}
        for org, scopes in ((BANK, READ), (POOL, READ), (NFGF, READ), ("auditor", READ_ALL)):
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
