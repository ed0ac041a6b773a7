"""A past year under other rules: the same losses, in the same order, with counters of their own."""

import json
from typing import Any

import httpx
import pytest

from services.guarantee.programmes.handlers import PACKS
from services.guarantee.replays import handlers as replays
from shared.rulepack.loader import load_file
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.claims import Claims, amounts
from tests.support.guarantees import NFGF, POOL, Scheme, a_scheme

pytestmark = pytest.mark.component

PACK = PROGRAMME = "sip-yuankedai"
WRITE = ("guarantee.rule-packs:write", "guarantee.rule-packs:read")
LOSS = 100_000_000
OPENING = 600_000_000
Json = dict[str, Any]


@pytest.fixture
async def claims(service_of: ServiceFactory) -> Claims:
    """Three approved claims of 1,000,000 yuan; the pool's cap of 10 % is met by the second."""
    scheme = await a_scheme(await service_of("guarantee"))
    await scheme.opening(PROGRAMME, OPENING)
    claims = Claims(scheme)
    for _ in range(3):
        guarantee = await claims.bad_loan(programme=PROGRAMME, amount_fen=LOSS, owed_fen=LOSS)
        await claims.approved(guarantee, principal_outstanding_fen=LOSS)
    return claims


async def draft(scheme: Scheme, **changes: object) -> int:
    """Draft the scheme's second version; its shipped examples go where they would not hold."""
    pack = load_file(PACKS / f"{PACK}.yaml").model_dump(mode="json", exclude_none=True)
    pack |= {"version": 2, "valid_from": "2026-04-01", **changes}
    answer = await scheme.post(
        "/v1/rule-packs/drafts", {"content": json.dumps(pack)}, org=POOL, scopes=WRITE
    )
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["pack_version"]
    return number


async def ask(
    scheme: Scheme, number: int, *, org: str = POOL, year: int = 2026, programme: str = PROGRAMME
) -> httpx.Response:
    return await scheme.post(
        f"/v1/rule-packs/{PACK}/versions/{number}/replays",
        {"programme": programme, "year": year},
        org=org,
        scopes=WRITE,
    )


async def finished(scheme: Scheme, asked: httpx.Response) -> Json:
    assert asked.status_code == 202, asked.text
    turns = 0
    while await replays.replay_some(scheme.service.database):
        turns += 1
        assert turns < 10
    return await scheme.read(asked.headers["location"], org=POOL, scopes=WRITE)


def without_caps() -> Json:
    """Changes that take the cap away, with the examples that hold without it."""
    pack = load_file(PACKS / f"{PACK}.yaml").model_dump(mode="json", exclude_none=True)
    examples = [e for e in pack["examples"] if e["kind"] != "split"]
    shares = pack["tiers"][0]["shares"]
    split = {
        "kind": "split",
        "name": "without a cap",
        "on": "2026-04-01",
        "loss_fen": LOSS,
        "amounts": {party: LOSS * share // 1_000_000 for party, share in shares.items()},
    }
    counters = {
        name: words
        for name, words in pack["counters"].items()
        if name not in {"pool_paid_this_year_fen", "prior_year_end_balance_fen"}
    }
    return {"caps": [], "overflow": {}, "counters": counters, "examples": [*examples, split]}


class TestReplay:
    async def test_of_the_same_rules_changes_nothing(self, claims: Claims) -> None:
        done = await finished(claims.scheme, await ask(claims.scheme, 1))

        assert (done["state"], done["total"], done["done"], done["refused"]) == ("done", 3, 3, 0)
        assert [sums["difference_fen"] for sums in done["parties"]] == [0] * len(done["parties"])
        assert sum(sums["after_fen"] for sums in done["parties"]) == 3 * LOSS
        rows = await claims.scheme.read(
            f"/v1/replays/{done['replay_id']}/rows", org=POOL, scopes=WRITE
        )
        for row in rows["items"]:
            legs = (await claims.read(row["claim_id"]))["legs"]
            assert row["before_fen"] == row["after_fen"] == amounts(legs)

    async def test_of_a_draft_tells_who_would_have_borne_what(self, claims: Claims) -> None:
        number = await draft(claims.scheme, **without_caps())

        done = await finished(claims.scheme, await ask(claims.scheme, number))

        by_party = {sums["party"]: sums for sums in done["parties"]}
        assert by_party["pool"]["before_fen"] == OPENING // 10
        assert by_party["pool"]["after_fen"] > OPENING // 10
        assert sum(sums["difference_fen"] for sums in done["parties"]) == 0

    async def test_goes_on_where_a_killed_process_left_it(
        self, claims: Claims, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(replays, "PAGE", 1)
        asked = await ask(claims.scheme, 1)
        await replays.replay_some(claims.scheme.service.database)
        half = await claims.scheme.read(asked.headers["location"], org=POOL, scopes=WRITE)

        monkeypatch.undo()
        done = await finished(claims.scheme, asked)

        assert (half["state"], half["done"]) == ("running", 1)
        assert (done["done"], sum(s["difference_fen"] for s in done["parties"])) == (3, 0)
        rows = await claims.scheme.read(
            f"/v1/replays/{done['replay_id']}/rows?limit=2", org=POOL, scopes=WRITE
        )
        rest = await claims.scheme.read(
            f"/v1/replays/{done['replay_id']}/rows?after={rows['next']}", org=POOL, scopes=WRITE
        )
        assert [row["place"] for row in (*rows["items"], *rest["items"])] == [1, 2, 3]

    async def test_of_a_draft_that_was_revised_meanwhile_fails_and_says_so(
        self, claims: Claims
    ) -> None:
        number = await draft(claims.scheme)
        asked = await ask(claims.scheme, number)
        async with claims.scheme.service.database.transaction() as work:
            await work.execute("UPDATE replay SET rule_pack_digest = 'sha256:other'")

        done = await finished(claims.scheme, asked)

        assert done["state"] == "failed"
        assert done["failure"].startswith("rule-pack-changed:")

    async def test_of_a_year_without_decisions_is_done_at_once(self, claims: Claims) -> None:
        claims.scheme.service.clock.advance(days=365)
        await claims.scheme.opening(PROGRAMME, OPENING, year=2027)

        done = await finished(claims.scheme, await ask(claims.scheme, 1, year=2027))

        assert (done["state"], done["total"]) == ("done", 0)


class TestAsking:
    async def test_is_for_the_programmes_fund(self, claims: Claims) -> None:
        assert_refused(await ask(claims.scheme, 1, org=NFGF), 403, "not-the-fund")
        asked = await ask(claims.scheme, 1)
        hidden = await claims.scheme.service.client.get(
            asked.headers["location"], headers=claims.scheme.service.headers(NFGF, *WRITE)
        )
        assert_refused(hidden, 404, "replay-not-found")

    @pytest.mark.parametrize(
        ("asked", "status", "code"),
        [
            ({"number": 9}, 404, "rule-pack-version-not-found"),
            ({"programme": "unknown"}, 404, "programme-not-found"),
            ({"year": 2025}, 409, "year-not-opened"),
            ({"year": 1}, 422, "malformed"),
        ],
    )
    async def test_is_refused_for(
        self, claims: Claims, asked: Json, status: int, code: str
    ) -> None:
        answer = await ask(claims.scheme, **{"number": 1, **asked})

        assert_refused(answer, status, code)
