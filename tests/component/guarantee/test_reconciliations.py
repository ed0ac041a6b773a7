"""A bank's day as a file, three sets of books beside it, and the row by which they differ."""

import csv
import hashlib
import io
from typing import Any

import httpx
import pytest

from services.guarantee.recoveries.rules import Allocation
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.claims import Claims
from tests.support.guarantees import BANK, GUARANTOR, NFGF, POOL, PROVINCE, a_scheme

pytestmark = pytest.mark.component

DAY = "2026-03-02"
READ = ("guarantee.reconciliations:read",)
WRITE = ("guarantee.reconciliations:write",)
LOST = 333_333_333
Json = dict[str, Any]


@pytest.fixture
async def claims(service_of: ServiceFactory) -> Claims:
    """One guarantee that took effect, was claimed, paid by its fund and brought cash back."""
    scheme = await a_scheme(await service_of("guarantee"))
    await scheme.opening("nfgf-scitech", 200_000_000_000)
    return Claims(scheme)


@pytest.fixture
async def day(claims: Claims) -> Json:
    """The bank's day after all of that."""
    claim = await claims.settled(await claims.bad_loan())
    assert (await claims.recover(claim["claim_id"])).status_code == 201
    return await claims.scheme.read(f"/v1/reconciliations/{BANK}/{DAY}", org=BANK, scopes=READ)


def rows_of(day: Json) -> list[Json]:
    """Write a day's movements as a statement of the same."""
    return [
        {name: row[name] for name in ("kind", "subject_id", "party", "amount_fen")}
        for row in day["movements"]
    ]


async def state(claims: Claims, org: str, rows: list[Json], *, on: str = DAY) -> httpx.Response:
    return await claims.scheme.post(
        f"/v1/reconciliations/{on}/statements", {"rows": rows}, org=org, scopes=WRITE
    )


async def matched(claims: Claims, *, org: str = BANK) -> Json:
    path = f"/v1/reconciliations/{BANK}/{DAY}/match"
    return await claims.scheme.read(path, org=org, scopes=READ)


class TestBankDay:
    async def test_tells_every_movement_once_with_its_sums(self, day: Json) -> None:
        found = {(s["kind"], s["count"]): s["amount_fen"] for s in day["sums"]}
        legs = [row for row in day["movements"] if row["kind"] == "paid"]

        assert found[("effective", 1)] == 400_000_000
        assert found[("claimed", 1)] == LOST
        assert found[("paid", len(legs))] == LOST
        assert sum(fen for (kind, _), fen in found.items() if kind == "recovered") == 95_000_000
        assert found[("released", 0)] == 0
        assert (day["in_force_count"], day["in_force_fen"]) == (1, 400_000_000)

    async def test_digest_is_what_a_bank_computes_from_the_csv_file(
        self, claims: Claims, day: Json
    ) -> None:
        service = claims.scheme.service
        answer = await service.client.get(
            f"/v1/reconciliations/{BANK}/{DAY}?format=csv", headers=service.headers(BANK, *READ)
        )

        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]
        lines = sorted(",".join(row[:4]) + "\n" for row in rows)
        assert hashlib.sha256("".join(lines).encode()).hexdigest() == day["sha256"]

    async def test_is_final_when_it_is_over(self, claims: Claims, day: Json) -> None:
        claims.scheme.service.clock.advance(days=1)
        after = await claims.scheme.read(f"/v1/reconciliations/{BANK}/{DAY}", org=BANK, scopes=READ)

        assert (day["is_final"], after["is_final"]) == (False, True)
        assert after["sha256"] == day["sha256"]

    @pytest.mark.parametrize("org", [GUARANTOR, NFGF])
    async def test_is_told_to_who_keeps_books_of_it(
        self, claims: Claims, day: Json, org: str
    ) -> None:
        found = await claims.scheme.read(f"/v1/reconciliations/{BANK}/{DAY}", org=org, scopes=READ)

        assert found["movements"] == day["movements"]

    @pytest.mark.parametrize("org", [POOL, PROVINCE, "bank-ganyu"])
    @pytest.mark.usefixtures("day")
    async def test_is_not_there_for_others(self, claims: Claims, org: str) -> None:
        service = claims.scheme.service
        for path in (f"{BANK}/{DAY}", f"{BANK}/{DAY}/match"):
            answer = await service.client.get(
                f"/v1/reconciliations/{path}", headers=service.headers(org, *READ)
            )
            assert_refused(answer, 404, "reconciliation-not-found")

    @pytest.mark.usefixtures("day")
    async def test_ahead_is_refused(self, claims: Claims) -> None:
        service = claims.scheme.service
        answer = await service.client.get(
            f"/v1/reconciliations/{BANK}/2026-03-03", headers=service.headers(BANK, *READ)
        )

        assert_refused(answer, 422, "day-not-begun")
        assert_refused(await state(claims, BANK, [], on="2026-03-03"), 422, "day-not-begun")


class TestMatch:
    async def test_of_three_equal_books_differs_nowhere(self, claims: Claims, day: Json) -> None:
        for org in (BANK, GUARANTOR, NFGF):
            answer = await state(claims, org, rows_of(day))
            assert answer.status_code == 200, answer.text
            assert answer.json()["statement"]["sha256"] == day["sha256"]

        found = await matched(claims)

        assert (found["matched"], found["differs"], found["awaited"]) == (day["count"], 0, 0)

    async def test_names_who_has_said_nothing(self, claims: Claims, day: Json) -> None:
        await state(claims, BANK, rows_of(day))

        found = await matched(claims)

        assert found["awaited"] == day["count"]
        assert found["rows"][0]["roles"] == ["guarantor", "fund"]
        assert [s["org"] for s in found["statements"]] == [BANK]

    async def test_names_the_row_and_the_books_that_differ_by_one_fen(
        self, claims: Claims, day: Json
    ) -> None:
        wrong = rows_of(day)
        [leg] = [row for row in wrong if row["kind"] == "paid" and row["party"] == "nfgf"]
        leg["amount_fen"] -= 1
        await state(claims, BANK, wrong)
        for org in (GUARANTOR, NFGF):
            await state(claims, org, rows_of(day))

        found = await matched(claims)

        [row] = [row for row in found["rows"] if row["result"] == "differs"]
        assert (row["kind"], row["party"], row["roles"]) == ("paid", "nfgf", ["bank"])
        assert row["bank_fen"] == row["platform_fen"] - 1 == row["fund_fen"] - 1

    async def test_tells_what_one_set_of_books_lacks_or_has_alone(
        self, claims: Claims, day: Json
    ) -> None:
        lacks = [row for row in rows_of(day) if row["kind"] != "claimed"]
        [effective] = [row for row in rows_of(day) if row["kind"] == "effective"]
        alone = {**effective, "kind": "released"}
        await state(claims, BANK, lacks)
        await state(claims, GUARANTOR, [*rows_of(day), alone])
        await state(claims, NFGF, rows_of(day))

        rows = {row["kind"]: row for row in (await matched(claims))["rows"]}

        assert rows["claimed"]["bank_fen"] is None
        assert rows["claimed"]["roles"] == ["bank"]
        assert rows["released"]["platform_fen"] is None
        assert rows["released"]["guarantor_fen"] == 400_000_000
        assert rows["released"]["roles"] == ["guarantor"]

    async def test_takes_the_newest_word_and_keeps_the_older(
        self, claims: Claims, day: Json
    ) -> None:
        await state(claims, BANK, [])
        again = await state(claims, BANK, rows_of(day))
        for org in (GUARANTOR, NFGF):
            await state(claims, org, rows_of(day))

        found = await matched(claims)

        assert again.json()["statement"]["number"] == 2
        assert found["matched"] == day["count"]
        async with claims.scheme.service.database.read() as work:
            kept = await work.fetch(
                "SELECT number FROM reconciliation_statement WHERE org = $1 ORDER BY number", BANK
            )
        assert [row["number"] for row in kept] == [1, 2]

    async def test_is_a_file_too(self, claims: Claims, day: Json) -> None:
        service = claims.scheme.service
        answer = await service.client.get(
            f"/v1/reconciliations/{BANK}/{DAY}/match?format=csv",
            headers=service.headers(BANK, *READ),
        )

        lines = answer.content.decode("utf-8-sig").splitlines()
        assert lines[0].startswith("kind,subject_id,party,guarantee_id")
        assert len(lines) == day["count"] + 1


class TestStatement:
    async def test_keeps_good_rows_and_says_why_the_others_were_not(
        self, claims: Claims, day: Json
    ) -> None:
        good = rows_of(day)[0]
        rows = [
            good,
            good,
            {**good, "kind": "paid?"},
            {**good, "amount_fen": "1.5"},
            {**good, "subject_id": "01890a5d-ac96-774b-bcce-b302099a8057"},
            {**good, "subject_id": "none", "amount_fen": "-1", "kind": ""},
            {"kind": "paid"},
        ]

        answer = (await state(claims, BANK, rows)).json()

        reasons = [[(r["code"], r["field"]) for r in row["reasons"]] for row in answer["rows"]]
        assert (answer["accepted"], answer["rejected"]) == (1, 6)
        assert reasons == [
            [],
            [("repeated", "subject_id")],
            [("cells", "kind")],
            [("cells", "amount_fen")],
            [("unknown-subject", "subject_id")],
            [("cells", "kind"), ("cells", "subject_id"), ("cells", "amount_fen")],
            [("cells", "subject_id")],
        ]

    async def test_is_of_ones_own_business(self, claims: Claims, day: Json) -> None:
        answer = (await state(claims, POOL, rows_of(day))).json()

        assert answer["accepted"] == 0
        assert {row["reasons"][0]["code"] for row in answer["rows"]} == {"unknown-subject"}

    async def test_by_csv_reads_the_platforms_own_columns(self, claims: Claims, day: Json) -> None:
        lines = [",".join(map(str, row.values())) for row in rows_of(day)]
        text = "kind,subject_id,party,amount_fen\r\n" + "\r\n".join(lines)
        service = claims.scheme.service
        headers = service.headers(NFGF, *WRITE) | {"Content-Type": "text/csv; charset=utf-8"}

        answer = await service.client.post(
            f"/v1/reconciliations/{DAY}/statements", content=text.encode(), headers=headers
        )

        assert answer.json()["statement"]["sha256"] == day["sha256"]


def test_a_receipts_parts_are_stored_in_the_order_that_the_day_reads() -> None:
    assert Allocation._fields == ("party", "org", "amount_fen")
