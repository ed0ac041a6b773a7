"""The rulebook: a version is drafted by one person, made to decide by another, and ends."""

import asyncio
import base64
import json
from typing import Any

import asyncpg
import httpx
import pytest

from services.guarantee.programmes.handlers import PACKS
from services.guarantee.rulebook.handlers import RULEBOOK
from shared.events.guarantee import ProgrammePackAdopted
from shared.rulepack.digest import canonical_json
from shared.rulepack.loader import load_file
from shared.signing import Signature
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.databases import Databases
from tests.support.guarantees import NFGF, POOL, YUANKEDAI, Scheme, a_request, a_scheme

pytestmark = pytest.mark.component

WRITE = ("guarantee.rule-packs:write", "guarantee.rule-packs:read")
APPROVE = ("guarantee.rule-packs:approve",)
PACK = "sip-yuankedai"
Json = dict[str, Any]


@pytest.fixture
async def scheme(service_of: ServiceFactory) -> Scheme:
    return await a_scheme(await service_of("guarantee"))


def content(**changes: object) -> str:
    """The shipped pack of Yuankedai with changes, as JSON: by itself, its second version."""
    pack = load_file(PACKS / f"{PACK}.yaml").model_dump(mode="json", exclude_none=True)
    later = {"version": 2, "valid_from": "2026-04-01", **changes}
    return json.dumps({**pack, **later}, ensure_ascii=False, indent=1)


async def draft(scheme: Scheme, text: str, *, org: str = POOL) -> httpx.Response:
    body = {"content": text}
    return await scheme.post("/v1/rule-packs/drafts", body, org=org, scopes=WRITE, sub="maker")


async def activate(
    scheme: Scheme, number: int = 2, *, sub: str = "checker", org: str = POOL, etag: str = '"0"'
) -> httpx.Response:
    return await scheme.post(
        f"/v1/rule-packs/{PACK}/versions/{number}/activate",
        {},
        org=org,
        scopes=APPROVE,
        sub=sub,
        If_Match=etag,
    )


async def retire(scheme: Scheme, number: int, ends_on: str, *, org: str = POOL) -> httpx.Response:
    return await scheme.post(
        f"/v1/rule-packs/{PACK}/versions/{number}/retire",
        {"ends_on": ends_on, "reason": "政策到期"},
        org=org,
        scopes=APPROVE,
    )


async def decides(scheme: Scheme, on: str) -> object:
    """Which version a what-if names on a day: its number, or the code of the refusal."""
    metrics = {"npl_principal_loss_fen": 0, "prior_year_end_balance_fen": 100}
    body: Json = {"rule_pack": PACK, "on": on, "metrics": metrics}
    answer = await scheme.post("/v1/breakers/check", body, org="dept-kj", scopes=())
    found: Json = answer.json()
    return found["rule_pack"]["version"] if answer.status_code == 200 else found["code"]


class TestDraft:
    async def test_is_stored_and_decides_nothing(self, scheme: Scheme) -> None:
        answer = await draft(scheme, content())

        assert answer.status_code == 201, answer.text
        assert answer.headers["location"] == f"/v1/rule-packs/{PACK}/versions/2"
        assert (answer.json()["state"], answer.json()["signature"]) == ("draft", None)
        assert await decides(scheme, "2026-04-01") == 1

    async def test_of_another_organisation_is_not_there(self, scheme: Scheme) -> None:
        await draft(scheme, content())
        path = f"/v1/rule-packs/{PACK}/versions/2"
        headers = scheme.service.headers(NFGF, *WRITE)

        answers = [
            await scheme.service.client.get(path, headers=headers),
            await activate(scheme, org=NFGF),
        ]

        for answer in answers:
            assert_refused(answer, 404, "rule-pack-version-not-found")
        own = await scheme.read("/v1/rule-packs/drafts", org=POOL, scopes=WRITE)
        foreign = await scheme.read("/v1/rule-packs/drafts", org=NFGF, scopes=WRITE)
        assert [item["pack_version"] for item in own["items"]] == [2]
        assert foreign["items"] == []

    async def test_is_refused_line_by_line(self, scheme: Scheme) -> None:
        answer = await draft(scheme, content(unknown_section=1))

        assert_refused(answer, 422, "malformed-pack")
        assert "draft:" in answer.json()["detail"]

    async def test_whose_own_examples_fail_is_refused(self, scheme: Scheme) -> None:
        pack = json.loads(content())
        pack["examples"][0]["amounts"] = {"bank": 1, "pool": 2}

        answer = await draft(scheme, json.dumps(pack))

        assert_refused(answer, 422, "pack-examples-failed")

    @pytest.mark.parametrize("number", [1, 2])
    async def test_needs_a_number_that_was_never_used(self, scheme: Scheme, number: int) -> None:
        await draft(scheme, content())

        answer = await draft(scheme, content(version=number))

        assert_refused(answer, 409, "rule-pack-version-taken", field="/version")
        assert answer.json()["violations"][0]["limit"] == 3

    async def test_that_shares_a_day_with_another_version_is_refused(self, scheme: Scheme) -> None:
        await draft(scheme, content(valid_to="2026-06-01"))
        await activate(scheme)

        answer = await draft(scheme, content(version=3, valid_from="2026-05-31"))
        behind = await draft(scheme, content(version=3, valid_from="2026-06-01"))

        assert_refused(answer, 409, "rule-pack-overlap", field="/valid_from")
        assert behind.status_code == 201, behind.text

    async def test_may_be_revised_and_then_is_the_revisers(self, scheme: Scheme) -> None:
        await draft(scheme, content())
        revised = await scheme.service.client.put(
            f"/v1/rule-packs/{PACK}/versions/2",
            json={"content": content(valid_from="2026-05-01")},
            headers=scheme.service.headers(POOL, *WRITE, sub="checker", If_Match='"0"'),
        )
        own = await activate(scheme, etag='"1"')
        others = await activate(scheme, etag='"1"', sub="maker")

        assert revised.json()["valid_from"] == "2026-05-01"
        assert_refused(own, 409, "four-eyes")
        assert others.status_code == 200, others.text

    async def test_cannot_be_revised_into_another_version(self, scheme: Scheme) -> None:
        await draft(scheme, content())
        answer = await scheme.service.client.put(
            f"/v1/rule-packs/{PACK}/versions/2",
            json={"content": content(version=3)},
            headers=scheme.service.headers(POOL, *WRITE, If_Match='"0"'),
        )

        assert_refused(answer, 409, "rule-pack-version-taken")

    async def test_may_be_withdrawn_and_leaves_its_number_used(self, scheme: Scheme) -> None:
        await draft(scheme, content())
        path = f"/v1/rule-packs/{PACK}/versions/2/withdraw"
        gone = await scheme.post(path, {}, org=POOL, scopes=WRITE, If_Match='"0"')

        assert gone.json()["state"] == "withdrawn"
        assert_refused(await activate(scheme, etag='"1"'), 409, "rule-pack-state")
        assert_refused(await draft(scheme, content()), 409, "rule-pack-version-taken")


class TestActivation:
    async def test_takes_another_person_of_the_same_organisation(self, scheme: Scheme) -> None:
        await draft(scheme, content())

        own = await activate(scheme, sub="maker")
        stale = await activate(scheme, etag='"7"')
        other = await activate(scheme)
        again = await activate(scheme, etag='"1"')

        assert_refused(own, 409, "four-eyes")
        assert_refused(stale, 412, "stale-version")
        assert other.json()["state"] == "active"
        assert_refused(again, 409, "rule-pack-state")

    async def test_lets_it_decide_from_its_first_day_on(self, scheme: Scheme) -> None:
        await draft(scheme, content())
        await activate(scheme)

        assert [await decides(scheme, f"2026-0{day}") for day in ("3-31", "4-01")] == [1, 2]
        assert await scheme.service.published_types() == [
            *(await scheme.service.published_types())[:-2],
            "guarantee.pack.ended.v1",
            "guarantee.pack.activated.v1",
        ]

    async def test_is_signed_over_what_it_says(self, scheme: Scheme) -> None:
        await draft(scheme, content())
        answer = (await activate(scheme)).json()
        key = await scheme.read("/v1/rule-packs/signing-key", org=POOL, scopes=WRITE)

        shown = answer["signature"]
        signed = Signature(
            base64.b64decode(shown["signature"]), base64.b64decode(key["public_key"])
        )
        statement = json.loads(shown["statement"])
        assert signed.holds(canonical_json(statement))
        assert statement["rule_pack"]["digest"] == answer["digest"]
        assert (statement["drafted_by"], statement["activated_by"]) == ("maker", "checker")

    async def test_does_not_reach_back(self, scheme: Scheme) -> None:
        await draft(scheme, content(valid_from="2026-03-03"))
        scheme.service.clock.advance(days=2)

        assert_refused(await activate(scheme), 409, "rule-pack-backdated", field="/valid_from")

    async def test_of_a_packs_first_version_may_reach_back(self, scheme: Scheme) -> None:
        text = content(id="new-scheme", version=1, valid_from="2020-01-01")
        await draft(scheme, text)

        answer = await scheme.post(
            "/v1/rule-packs/new-scheme/versions/1/activate",
            {},
            org=POOL,
            scopes=APPROVE,
            sub="checker",
            If_Match='"0"',
        )

        assert answer.status_code == 200, answer.text
        listed = await scheme.read("/v1/rule-packs")
        assert "new-scheme" in {item["id"] for item in listed["items"]}

    async def test_by_two_at_once_happens_once(self, scheme: Scheme) -> None:
        await draft(scheme, content())

        answers = await asyncio.gather(*(activate(scheme) for _ in range(4)))

        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]

    async def test_of_two_versions_at_once_leaves_no_day_to_both(self, scheme: Scheme) -> None:
        await draft(scheme, content(valid_from="2026-04-01", valid_to="2026-08-01"))
        await draft(scheme, content(version=3, valid_from="2026-06-01"))

        answers = await asyncio.gather(activate(scheme, 2), activate(scheme, 3))

        assert sorted(answer.status_code for answer in answers) == [200, 409]

    async def test_is_seen_by_a_process_that_held_the_packs_before(self, scheme: Scheme) -> None:
        """The cache is asked within one transaction before and after the change."""
        async with scheme.service.database.read() as work:
            before = await RULEBOOK.current(work)
        await draft(scheme, content())
        await activate(scheme)
        async with scheme.service.database.read() as work:
            after = await RULEBOOK.current(work)

        assert [pack.version for pack in before.versions(PACK)] == [1]
        assert [pack.version for pack in after.versions(PACK)] == [1, 2]

    async def test_without_a_key_is_refused(self, scheme: Scheme) -> None:
        await draft(scheme, content())
        scheme.service.app.state.signer = None

        assert_refused(await activate(scheme), 409, "signing-key-missing")

    async def test_leaves_programmes_with_the_version_that_they_pin(self, scheme: Scheme) -> None:
        await draft(scheme, content(valid_from="2026-03-02"))
        await activate(scheme)
        later = {**YUANKEDAI, "programme": "yuankedai-2", "effective_from": "2026-03-02"}

        await scheme.programme(later)

        pinned = [
            (await scheme.read(f"/v1/programmes/{code}"))["rule_pack"]["version"]
            for code in ("sip-yuankedai", "yuankedai-2")
        ]
        assert pinned == [1, 2]


class TestEnd:
    async def test_is_a_day_from_which_nothing_is_decided(self, scheme: Scheme) -> None:
        answer = await retire(scheme, 1, "2026-05-01")

        assert answer.status_code == 200, answer.text
        assert await decides(scheme, "2026-04-30") == 1
        assert await decides(scheme, "2026-05-01") == "rule-pack-not-found"

    @pytest.mark.parametrize(
        ("number", "ends_on", "status", "code"),
        [
            (1, "2026-03-01", 409, "rule-pack-end"),
            (9, "2026-05-01", 404, "rule-pack-not-found"),
        ],
    )
    async def test_is_refused_for(
        self, scheme: Scheme, number: int, ends_on: str, status: int, code: str
    ) -> None:
        assert_refused(await retire(scheme, number, ends_on), status, code)

    async def test_comes_once(self, scheme: Scheme) -> None:
        await retire(scheme, 1, "2026-05-01")

        assert_refused(await retire(scheme, 1, "2026-06-01"), 409, "rule-pack-state")


async def adopt(
    scheme: Scheme, number: int = 2, *, org: str = POOL, etag: str | None = None
) -> httpx.Response:
    current = await scheme.read(f"/v1/programmes/{PACK}")
    return await scheme.post(
        f"/v1/programmes/{PACK}/rule-pack",
        {"version": number},
        org=org,
        scopes=("guarantee.programmes:approve",),
        If_Match=etag or f'"{current["version"]}"',
    )


class TestAdoption:
    @pytest.fixture
    async def active(self, scheme: Scheme) -> Scheme:
        """A second version in force from today on, and a letter under the first."""
        await scheme.service.deliver(a_request(programme=PACK))
        await draft(scheme, content(valid_from="2026-03-02"))
        assert (await activate(scheme)).status_code == 200
        return scheme

    async def test_lets_new_letters_pin_the_version_and_old_ones_theirs(
        self, active: Scheme
    ) -> None:
        answer = await adopt(active)
        await active.service.deliver(a_request(programme=PACK))

        assert answer.json()["rule_pack"]["version"] == 2
        letters = (await active.read("/v1/guarantees"))["items"]
        assert [g["cover"]["rule_pack"]["version"] for g in letters] == [1, 2]
        told = [r.data for r in await active.service.published()]
        [event] = [each for each in told if isinstance(each, ProgrammePackAdopted)]
        assert (event.rule_pack_version, event.replaced_version) == (2, 1)

    async def test_is_the_funds_and_of_what_it_has_seen(self, active: Scheme) -> None:
        assert_refused(await adopt(active, org=NFGF), 403, "not-the-fund")
        assert_refused(await adopt(active, etag='"0"'), 412, "stale-version")
        assert_refused(await adopt(active, 3), 404, "rule-pack-not-found")
        assert_refused(await adopt(active, 1), 409, "rule-pack-version-not-later")

    async def test_of_a_draft_is_not_possible(self, scheme: Scheme) -> None:
        await draft(scheme, content(valid_from="2026-03-02"))

        assert_refused(await adopt(scheme), 404, "rule-pack-not-found")


class TestOwner:
    """Whose programme runs on a pack, or whose version of it was the first to decide."""

    async def test_alone_drafts_and_retires_the_pack_of_its_programme(self, scheme: Scheme) -> None:
        assert_refused(await draft(scheme, content(), org=NFGF), 403, "foreign-rule-pack")
        assert_refused(await retire(scheme, 1, "2027-01-01", org=NFGF), 403, "foreign-rule-pack")

    async def test_of_a_pack_without_a_programme_is_who_activates_first(
        self, scheme: Scheme
    ) -> None:
        new = {"id": "third", "version": 1, "valid_from": "2026-04-01"}
        answers = [
            await draft(scheme, content(**new), org=NFGF),
            await draft(scheme, content(**new | {"version": 2}), org=POOL),
        ]
        path = "/v1/rule-packs/third/versions"
        decided = [
            await scheme.post(
                f"{path}/{number}/activate", {}, org=org, scopes=APPROVE, If_Match='"0"'
            )
            for number, org in ((1, NFGF), (2, POOL))
        ]

        assert [answer.status_code for answer in answers] == [201, 201]
        assert decided[0].status_code == 200, decided[0].text
        assert_refused(decided[1], 403, "foreign-rule-pack")


class TestDiff:
    async def test_says_in_words_what_a_draft_would_change(self, scheme: Scheme) -> None:
        await draft(scheme, content(valid_to="2027-01-01"))

        path = f"/v1/rule-packs/{PACK}/diff?before=1&after=2"
        found = await scheme.read(path, org=POOL, scopes=WRITE)
        hidden = await scheme.service.client.get(path, headers=scheme.service.headers(NFGF, *WRITE))

        assert "first day after: added 2027-01-01" in [change["en"] for change in found["changes"]]
        assert (found["before"]["version"], found["after"]["version"]) == (1, 2)
        assert_refused(hidden, 404, "rule-pack-version-not-found")


class TestStored:
    async def test_version_that_was_tampered_with_decides_nothing(
        self, scheme: Scheme, databases: Databases
    ) -> None:
        await draft(scheme, content())
        tamper = (
            "UPDATE rule_pack_version SET content = replace(content, '2026-04-01', '2026-03-05')"
        )
        async with scheme.service.database.transaction() as work:
            await work.execute(tamper)
        early = await activate(scheme)
        await draft(scheme, content(version=3))
        assert (await activate(scheme, 3)).status_code == 200

        admin = await asyncpg.connect(databases.superuser(scheme.service.database.dsn))
        try:
            await admin.execute("SET session_replication_role = replica")
            await admin.execute(f"{tamper} WHERE number = 3")
            await admin.execute("UPDATE rulebook SET revision = gen_random_uuid()")
        finally:
            await admin.close()

        assert_refused(early, 409, "rule-pack-tampered")
        assert await decides(scheme, "2026-04-01") == "rule-pack-tampered"

    async def test_version_is_final_once_active(self, scheme: Scheme) -> None:
        await draft(scheme, content())
        await activate(scheme)

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with scheme.service.database.transaction() as work:
                await work.execute("UPDATE rule_pack_version SET org = 'x'")
