"""The ledger over time: value dates, balances as they were, capital returned."""

from typing import Any

import pytest

from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.guarantees import FUND, POOL, Scheme

pytestmark = pytest.mark.component

CONTRIBUTOR = "示例市财政局"


@pytest.fixture
async def scheme(service_of: ServiceFactory) -> Scheme:
    scheme = Scheme(await service_of("guarantee"))
    await scheme.fund(POOL, capital_fen=1_000)
    return scheme


async def move(scheme: Scheme, step: str, **body: object) -> Any:  # noqa: ANN401 - any answer
    sent = {"contributor": CONTRIBUTOR, **body}
    return await scheme.post(f"/v1/funds/{POOL}/{step}", sent, org=POOL, scopes=FUND)


async def cash(scheme: Scheme, query: str = "") -> int:
    balances = await scheme.read(f"/v1/funds/{POOL}/balances{query}")
    by_account = {line["account"]: line["balance_fen"] for line in balances["accounts"]}
    assert sum(by_account.values()) == 0
    found: int = by_account["cash"]
    return found


class TestBalances:
    async def test_are_those_of_a_booking_date_or_a_value_date(self, scheme: Scheme) -> None:
        scheme.service.clock.advance(days=3)
        late = await move(scheme, "capital", amount_fen=7, valued_on="2026-03-03")

        assert late.status_code == 200, late.text
        assert [await cash(scheme, f"?booked_on=2026-03-0{day}") for day in (1, 2, 4, 5)] == [
            0,
            1_000,
            1_000,
            1_007,
        ]
        assert [await cash(scheme, f"?valued_on=2026-03-0{day}") for day in (2, 3)] == [
            1_000,
            1_007,
        ]
        assert await cash(scheme, "?booked_on=2026-03-04&valued_on=2026-03-05") == 1_000

    async def test_are_those_that_were_known(self, scheme: Scheme) -> None:
        before = scheme.service.clock().isoformat().replace("+", "%2B")
        scheme.service.clock.advance(seconds=1)
        await move(scheme, "capital", amount_fen=7)

        assert await cash(scheme, f"?known_at={before}") == 1_000
        assert await cash(scheme) == 1_007

    async def test_come_again_by_their_position_whatever_was_booked_since(
        self, scheme: Scheme
    ) -> None:
        first = await scheme.read(f"/v1/funds/{POOL}/balances?valued_on=2026-03-02")
        await move(scheme, "capital", amount_fen=7, valued_on="2026-03-01")

        path = f"/v1/funds/{POOL}/balances?valued_on=2026-03-02&position={first['position']}"
        assert await scheme.read(path) == first
        assert await cash(scheme, "?valued_on=2026-03-02") == 1_007

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("booked_on=yesterday", "/query/booked_on"),
            ("valued_on=20260302", "/query/valued_on"),
            ("known_at=2026-03-02T01:00:00", "/query/known_at"),
            ("position=-1", "/query/position"),
        ],
    )
    async def test_refuse_what_is_no_day_moment_or_place(
        self, scheme: Scheme, query: str, field: str
    ) -> None:
        answer = await scheme.service.client.get(
            f"/v1/funds/{POOL}/balances?{query}", headers=scheme.service.headers(POOL, *FUND)
        )

        assert_refused(answer, 422, "malformed", field=field)

    async def test_are_for_the_fund_and_for_overseers(self, scheme: Scheme) -> None:
        answer = await scheme.service.client.get(
            f"/v1/funds/{POOL}/balances", headers=scheme.service.headers("fund-other", *FUND)
        )

        assert_refused(answer, 404, "fund-not-found")


class TestReturn:
    async def test_takes_what_the_contributor_has_and_no_more(self, scheme: Scheme) -> None:
        await move(scheme, "capital", amount_fen=500, contributor="示例区财政局")
        beyond = await move(scheme, "capital/return", amount_fen=1_001)
        most = await move(scheme, "capital/return", amount_fen=1_000)
        again = await move(scheme, "capital/return", amount_fen=1)

        assert_refused(beyond, 409, "contributor-short", field="/amount_fen")
        assert most.status_code == 200, most.text
        assert most.json()["capital_fen"] == 500
        assert_refused(again, 409, "contributor-short", field="/amount_fen")
        assert (await scheme.service.published_types())[-1] == "guarantee.fund.capital_returned.v1"

    async def test_counts_what_was_reversed(self, scheme: Scheme) -> None:
        await move(scheme, "capital", amount_fen=500)
        wrong = (await scheme.read(f"/v1/funds/{POOL}/entries"))["items"][-1]["posting_id"]
        reversed_ = await scheme.post(
            f"/v1/funds/{POOL}/postings/{wrong}/reverse",
            {"reason": "金额录错"},
            org=POOL,
            scopes=FUND,
        )
        assert reversed_.status_code == 200, reversed_.text

        beyond = await move(scheme, "capital/return", amount_fen=1_001)

        assert_refused(beyond, 409, "contributor-short", field="/amount_fen")
        assert beyond.json()["violations"][0]["limit"] == 1_000

    async def test_of_a_reversed_return_is_capital_again(self, scheme: Scheme) -> None:
        await move(scheme, "capital/return", amount_fen=400)
        wrong = (await scheme.read(f"/v1/funds/{POOL}/entries"))["items"][-1]["posting_id"]

        answer = await scheme.post(
            f"/v1/funds/{POOL}/postings/{wrong}/reverse",
            {"reason": "退款录错"},
            org=POOL,
            scopes=FUND,
        )

        assert answer.json()["capital_fen"] == 1_000
        assert (await move(scheme, "capital/return", amount_fen=1_000)).status_code == 200

    async def test_is_not_of_a_day_to_come(self, scheme: Scheme) -> None:
        for step in ("capital", "capital/return"):
            answer = await move(scheme, step, amount_fen=1, valued_on="2026-03-03")

            assert_refused(answer, 422, "value-date-invalid", field="/valued_on")
