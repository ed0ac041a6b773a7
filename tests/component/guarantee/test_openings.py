"""Openings: a base is stated by one person of the fund, confirmed by another, and corrected so."""

from typing import Any

import pytest

from services.guarantee.programmes import handlers as programmes
from services.guarantee.programmes.rules import WHOLE_PROGRAMME
from shared.events.guarantee import BreakerTripped, YearOpened
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.claims import Claims
from tests.support.guarantees import BANK, NFGF, POOL, PROGRAMMES, READ_ALL, Scheme, a_scheme

pytestmark = pytest.mark.component

PARK = "sip-yuankedai"
PATH = f"/v1/programmes/{PARK}/openings"
READ = ("guarantee.programmes:read",)


@pytest.fixture
async def scheme(service_of: ServiceFactory) -> Scheme:
    return await a_scheme(await service_of("guarantee"))


async def bases(scheme: Scheme) -> list[tuple[str | None, int | None]]:
    """Read the park's bases."""
    shown = await scheme.read(f"/v1/programmes/{PARK}")
    return [(c["bank"], c["prior_year_end_balance_fen"]) for c in shown["counters"]]


async def told(scheme: Scheme) -> list[YearOpened]:
    """Return what was published of openings."""
    return [r.data for r in await scheme.service.published() if isinstance(r.data, YearOpened)]


class TestFiling:
    async def test_moves_nothing_before_it_is_confirmed(self, scheme: Scheme) -> None:
        filed = await scheme.file_opening(PARK, 8_000_000_000)

        assert filed.status_code == 201, filed.text
        assert (filed.json()["state"], filed.json()["filed_by"]) == ("filed", "maker")
        assert filed.headers["location"] == f"{PATH}/{filed.json()['opening_id']}"
        assert filed.headers["etag"] == '"1"'
        assert await bases(scheme) == []
        assert await told(scheme) == []

    async def test_is_for_a_year_that_has_begun(self, scheme: Scheme) -> None:
        next_year = await scheme.file_opening(PARK, 2, year=2027)
        last_year = await scheme.file_opening(PARK, 2, year=2025)

        assert_refused(next_year, 409, "year-not-begun", field="/year")
        assert last_year.status_code == 201

    @pytest.mark.parametrize("org", [NFGF, "operator", BANK])
    async def test_is_the_funds_alone(self, scheme: Scheme, org: str) -> None:
        body = {"year": 2026, "prior_year_end_balance_fen": 0}

        answer = await scheme.post(PATH, body, org=org, scopes=PROGRAMMES)

        assert_refused(answer, 403, "not-the-fund")

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
    async def test_refuses_a_malformed_field(
        self, scheme: Scheme, change: dict[str, Any], field: str
    ) -> None:
        body = {"year": 2026, "prior_year_end_balance_fen": 1} | change

        answer = await scheme.post(PATH, body, org=POOL, scopes=PROGRAMMES)

        assert_refused(answer, 422, "malformed", field=field)

    async def test_needs_scope_and_programme(self, scheme: Scheme) -> None:
        body = {"year": 2026, "prior_year_end_balance_fen": 1}

        unscoped = await scheme.post(PATH, body, org=POOL, scopes=READ)
        nowhere = await scheme.post(
            "/v1/programmes/nowhere/openings", body, org=POOL, scopes=PROGRAMMES
        )

        assert_refused(unscoped, 403, "missing-scope")
        assert_refused(nowhere, 404, "programme-not-found")


class TestConfirmation:
    async def test_states_the_programmes_and_each_banks_base(self, scheme: Scheme) -> None:
        await scheme.opening(PARK, 8_000_000_000)
        await scheme.opening(PARK, 4_000_000_000, bank=BANK)

        assert await bases(scheme) == [(None, 8_000_000_000), (BANK, 4_000_000_000)]
        assert [
            (e.bank, e.prior_year_end_balance_fen, e.replaced_fen) for e in await told(scheme)
        ] == [
            (None, 8_000_000_000, None),
            (BANK, 4_000_000_000, None),
        ]

    async def test_is_another_persons_of_the_same_fund_and_happens_once(
        self, scheme: Scheme
    ) -> None:
        opening = (await scheme.file_opening(PARK, 1)).json()

        own = await scheme.confirm_opening(opening, sub="maker")
        foreign = await scheme.confirm_opening(opening, org=NFGF)
        first = await scheme.confirm_opening(opening)
        stale = await scheme.confirm_opening(opening)
        second = await scheme.confirm_opening(first.json())

        assert_refused(own, 409, "four-eyes")
        assert_refused(foreign, 403, "not-the-fund")
        assert (first.json()["state"], first.json()["confirmed_by"]) == ("confirmed", "checker")
        assert_refused(stale, 412, "stale-version")
        assert_refused(second, 409, "opening-not-filed")

    async def test_needs_scope_version_and_opening(self, scheme: Scheme) -> None:
        opening = (await scheme.file_opening(PARK, 1)).json()
        path = f"{PATH}/{opening['opening_id']}/confirm"
        other = path.replace(PARK, "nfgf-scitech")
        writer = ("guarantee.programmes:write",)

        unscoped = await scheme.post(path, {}, org=POOL, scopes=writer, If_Match='"1"')
        unversioned = await scheme.post(path, {}, org=POOL, scopes=PROGRAMMES)
        misplaced = await scheme.post(other, {}, org=NFGF, scopes=PROGRAMMES, If_Match='"1"')

        assert_refused(unscoped, 403, "missing-scope")
        assert_refused(unversioned, 428, "precondition-required")
        assert_refused(misplaced, 404, "opening-not-found")

    async def test_keeps_what_was_counted_before(self, scheme: Scheme) -> None:
        async with scheme.service.database.transaction() as work:
            counters = await programmes.lock_counters(
                work, programme=PARK, bank=WHOLE_PROGRAMME, year=2026
            )
            await programmes.save_counters(
                work, counters.moved({"pool_paid_this_year_fen": 7, "other": 9})
            )

        await scheme.opening(PARK, 100)

        [shown] = (await scheme.read(f"/v1/programmes/{PARK}"))["counters"]
        assert (shown["pool_paid_fen"], shown["prior_year_end_balance_fen"]) == (7, 100)


class TestCorrection:
    async def test_replaces_the_figure_and_keeps_it_in_history(self, scheme: Scheme) -> None:
        await scheme.opening(PARK, 0)

        await scheme.opening(PARK, 8_000_000_000)

        assert await bases(scheme) == [(None, 8_000_000_000)]
        history = (await scheme.read(PATH, org=POOL, scopes=READ))["items"]
        assert [(o["prior_year_end_balance_fen"], o["replaced_fen"]) for o in history] == [
            (0, None),
            (8_000_000_000, 0),
        ]
        assert [e.replaced_fen for e in await told(scheme)] == [None, 0]

    async def test_takes_the_place_of_a_figure_that_still_waits(self, scheme: Scheme) -> None:
        wrong = (await scheme.file_opening(PARK, 1)).json()
        right = (await scheme.file_opening(PARK, 2)).json()

        too_late = await scheme.confirm_opening(wrong | {"version": 2})
        confirmed = await scheme.confirm_opening(right)

        assert_refused(too_late, 409, "opening-not-filed")
        assert confirmed.status_code == 200, confirmed.text
        assert await bases(scheme) == [(None, 2)]
        shown = await scheme.read(f"{PATH}/{wrong['opening_id']}", org=POOL, scopes=READ)
        assert shown["state"] == "superseded"

    async def test_lets_the_banks_breaker_follow_at_once(self, scheme: Scheme) -> None:
        await scheme.opening(PARK, 10_000_000_000, bank=BANK)
        await Claims(scheme).bad_loan(programme=PARK, owed_fen=333_333_333)

        await scheme.opening(PARK, 1_000_000_000, bank=BANK)

        [tripped] = [
            r.data for r in await scheme.service.published() if isinstance(r.data, BreakerTripped)
        ]
        assert (tripped.numerator_fen, tripped.base_fen) == (333_333_333, 1_000_000_000)
        sequences = [r.sequence for r in await scheme.service.published() if r.data.subject == PARK]
        assert sequences == list(range(1, len(sequences) + 1))


class TestReading:
    async def test_hides_the_other_banks_openings(self, scheme: Scheme) -> None:
        for bank in (None, BANK, "bank-ganyu"):
            await scheme.opening(PARK, 1, bank=bank)
        foreign = (await scheme.read(PATH))["items"][2]["opening_id"]

        seen = {}
        for org, scopes in ((BANK, READ), (POOL, READ), (NFGF, READ), ("auditor", READ_ALL)):
            first = await scheme.read(f"{PATH}?limit=1", org=org, scopes=scopes)
            items = first["items"]
            if first["next"]:
                items += (
                    await scheme.read(f"{PATH}?after={first['next']}", org=org, scopes=scopes)
                )["items"]
            seen[org] = [item["bank"] for item in items]
        hidden = await scheme.service.client.get(
            f"{PATH}/{foreign}", headers=scheme.service.headers(BANK, *READ)
        )

        everyone = [None, BANK, "bank-ganyu"]
        assert seen == {BANK: [None, BANK], POOL: everyone, NFGF: [None], "auditor": everyone}
        assert_refused(hidden, 404, "opening-not-found")
