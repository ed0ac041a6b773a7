"""Paying many claims at once: the good rows are paid, each bad one says why."""

import asyncio
from typing import Any

import pytest

from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.claims import Claims
from tests.support.guarantees import NFGF, POOL, Scheme, a_scheme

pytestmark = pytest.mark.component

PAY = ("guarantee.legs:pay",)
Json = dict[str, Any]


@pytest.fixture
async def claims(service_of: ServiceFactory) -> Claims:
    scheme = await a_scheme(await service_of("guarantee"))
    await scheme.opening("nfgf-scitech", 200_000_000_000)
    return Claims(scheme)


async def approved(claims: Claims, count: int) -> list[Json]:
    return [await claims.approved(await claims.bad_loan()) for _ in range(count)]


def a_row(claim: Json, **changes: object) -> Json:
    return {"claim_id": claim["claim_id"], "paid_on": "2026-03-02", "reference": "p"} | changes


async def settle(scheme: Scheme, rows: list[Any], *, fund: str = NFGF, **more: str) -> Any:  # noqa: ANN401 - any answer
    return await scheme.post(
        f"/v1/funds/{fund}/settlements", {"rows": rows}, org=fund, scopes=PAY, **more
    )


def leg_of(claim: Json, party: str = "nfgf") -> Json:
    [found] = [leg for leg in claim["legs"] if leg["party"] == party]
    assert isinstance(found, dict)
    return found


class TestSettling:
    async def test_does_what_single_payments_do(self, claims: Claims) -> None:
        batch, single = await approved(claims, 2)
        before = len(await claims.scheme.service.published())

        answer = await settle(claims.scheme, [a_row(batch)])
        in_batch = (await claims.scheme.service.published())[before:]
        paid = await claims.pay(single["claim_id"], "nfgf", org=NFGF)
        alone = (await claims.scheme.service.published())[before + len(in_batch) :]

        assert answer.status_code == paid.status_code == 200, answer.text
        [row] = answer.json()["rows"]
        assert row["amount_fen"] == leg_of(batch)["amount_fen"]
        assert (row["paid"], row["claim_settled"], row["refusal"]) == (True, False, None)
        assert leg_of(await claims.read(batch["claim_id"]))["paid_on"] == "2026-03-02"
        assert {r.data.TYPE for r in in_batch} == {r.data.TYPE for r in alone}
        assert in_batch[0].sequence == batch["version"] + 1

    async def test_settles_the_claim_whose_last_leg_it_pays(self, claims: Claims) -> None:
        [claim] = await approved(claims, 1)
        for leg in claim["legs"]:
            if leg["amount_fen"] and leg["party"] != "nfgf":
                await claims.pay(claim["claim_id"], leg["party"], org=leg["org"])

        answer = await settle(claims.scheme, [a_row(claim)])

        assert answer.json()["rows"][0]["claim_settled"] is True
        assert (await claims.read(claim["claim_id"]))["state"] == "settled"
        service = claims.scheme.service
        assert "guarantee.claim.settled.v1" in await service.published_types()
        async with service.database.read() as work:
            assert await work.fetchval("SELECT bool_and(ended) FROM process") is True

    async def test_keeps_the_good_rows_and_says_why_of_the_others(self, claims: Claims) -> None:
        first, second, third = await approved(claims, 3)
        await claims.pay(third["claim_id"], "nfgf", org=NFGF)
        filed = await claims.file(await claims.bad_loan())
        unknown = {"claim_id": "01890a5d-ac96-774b-bcce-b302099a8057"}
        rows = [
            a_row(first),
            a_row(first),
            a_row(third),
            a_row(filed),
            unknown | {"paid_on": "2026-03-02", "reference": "p"},
            a_row(second, paid_on="2026-03-03"),
            a_row(second, amount_fen=1),
            "not a row",
            {"claim_id": first["claim_id"], "paid_on": 20260302},
        ]

        answer = await settle(claims.scheme, rows)

        found = answer.json()
        assert (found["paid"], found["refused"]) == (1, 8)
        assert found["amount_fen"] == leg_of(first)["amount_fen"]
        assert [row["row"] for row in found["rows"]] == list(range(1, 10))
        assert [row["refusal"] and row["refusal"]["code"] for row in found["rows"]] == [
            None,
            "row-repeated",
            "leg-not-due",
            "claim-state",
            "claim-not-found",
            "payment-date-invalid",
            "malformed",
            "malformed",
            "malformed",
        ]
        last = found["rows"][-1]["refusal"]["violations"]
        assert sorted(v["field"] for v in last) == ["/paid_on", "/reference"]

    async def test_of_refused_rows_alone_moves_nothing(self, claims: Claims) -> None:
        before = await claims.scheme.read(f"/v1/funds/{NFGF}")
        answer = await settle(claims.scheme, ["x"])

        assert answer.json()["version"] == before["version"]
        assert await claims.scheme.read(f"/v1/funds/{NFGF}") == before

    async def test_sent_again_pays_once(self, claims: Claims) -> None:
        [claim] = await approved(claims, 1)
        rows = [a_row(claim)]

        first = await settle(claims.scheme, rows, key="once")
        again = await settle(claims.scheme, rows, key="once")

        assert again.content == first.content
        fund = await claims.scheme.read(f"/v1/funds/{NFGF}")
        assert fund["reserved_fen"] == 0

    async def test_at_once_with_itself_pays_each_claim_once(self, claims: Claims) -> None:
        sent = await approved(claims, 4)
        rows = [a_row(claim) for claim in sent]
        cash = (await claims.scheme.read(f"/v1/funds/{NFGF}"))["cash_fen"]

        answers = await asyncio.gather(
            *(settle(claims.scheme, order) for order in (rows, rows[::-1], rows[2:] + rows[:2]))
        )

        assert sum(answer.json()["paid"] for answer in answers) == 4
        after = await claims.scheme.read(f"/v1/funds/{NFGF}")
        assert cash - after["cash_fen"] == sum(leg_of(claim)["amount_fen"] for claim in sent)
        assert after["reserved_fen"] == 0


class TestAccess:
    async def test_is_the_funds_own(self, claims: Claims) -> None:
        [claim] = await approved(claims, 1)

        foreign = await claims.scheme.post(
            f"/v1/funds/{NFGF}/settlements", {"rows": [a_row(claim)]}, org=POOL, scopes=PAY
        )
        other = await settle(claims.scheme, [a_row(claim)], fund=POOL)

        assert_refused(foreign, 404, "fund-not-found")
        assert other.json()["rows"][0]["refusal"]["code"] == "claim-not-found"

    @pytest.mark.parametrize("rows", [[], None, "x", [{}] * 5_001])
    async def test_refuses_what_is_no_batch(self, claims: Claims, rows: object) -> None:
        answer = await claims.scheme.post(
            f"/v1/funds/{NFGF}/settlements", {"rows": rows}, org=NFGF, scopes=PAY
        )

        assert_refused(answer, 422, "malformed", field="/rows")
