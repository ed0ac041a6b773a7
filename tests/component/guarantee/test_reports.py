"""Statements, the regulator's table and snapshots over REST, on the facts of real claims."""

import csv
import io
from typing import Any
from uuid import UUID

import httpx
import pytest
from openpyxl import load_workbook

from shared.events.credit import OverdueReported
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.city import FIRM
from tests.support.claims import Claims, a_classification
from tests.support.guarantees import BANK, GUARANTOR, NFGF, a_scheme

pytestmark = pytest.mark.component

PROGRAMME = "nfgf-scitech"
READ = ("guarantee.reports:read", "guarantee.reports:write")
ALL = (*READ, "guarantee.reports:read-all")
STATE = ("guarantee.loan-attributes:write",)
LOSS = 333_333_333
DRAWN = 400_000_000
Json = dict[str, Any]


@pytest.fixture
async def claims(service_of: ServiceFactory) -> Claims:
    """Two loans of 4,000,000 yuan: one compensated in part recovered, one in good order."""
    scheme = await a_scheme(await service_of("guarantee"))
    await scheme.opening(PROGRAMME, 200_000_000_000)
    claims = Claims(scheme)
    bad = await claims.bad_loan()
    await claims.bad_loan(classification=None)
    claim = await claims.settled(bad)
    recovered = await claims.recover(claim["claim_id"])
    assert recovered.status_code == 201, recovered.text
    return claims


async def get(
    claims: Claims, path: str, *, org: str = "auditor", scopes: tuple[str, ...] = ALL
) -> httpx.Response:
    service = claims.scheme.service
    return await service.client.get(path, headers=service.headers(org, *scopes))


async def figures(claims: Claims, path: str, **more: Any) -> dict[str, Json]:  # noqa: ANN401 - org and scopes
    answer = await get(claims, path, **more)
    assert answer.status_code == 200, answer.text
    return {figure["item"]: figure for figure in answer.json()["figures"]}


def values(found: dict[str, Json]) -> dict[str, int | None]:
    return {item: figure["value"] for item, figure in found.items()}


class TestProgramme:
    PATH = f"/v1/reports/programme/{PROGRAMME}?since=2026-01-01&on=2026-03-02"

    async def test_states_what_was_enrolled_compensated_and_recovered(self, claims: Claims) -> None:
        found = await figures(claims, self.PATH)

        stated = values(found)
        bank_share = LOSS * 20 // 100 + 1
        compensated = LOSS - bank_share
        assert (stated["1"], stated["1.1"], stated["2"]) == (2, 2 * DRAWN, 2 * DRAWN)
        assert (stated["4"], stated["4.1"]) == (LOSS + DRAWN, 1)
        assert (stated["5"], stated["5.1"]) == (1, LOSS)
        assert (stated["6"], stated["7.2"]) == (compensated, compensated)
        assert stated["8"] is None
        assert stated["8.1"] == round(compensated * 1_000_000 / (LOSS + DRAWN))
        assert (stated["9.1"], stated["9.2"]) == (2 * DRAWN, 8_000)
        assert sum(v or 0 for item, v in stated.items() if item.startswith("6.")) == LOSS
        for figure in found.values():
            if figure["unit"] != "ppm":
                assert sum(s["value"] for s in figure["sources"]) == figure["value"], figure

    async def test_shows_a_party_what_it_is_party_to(self, claims: Claims) -> None:
        own = await figures(claims, self.PATH, org=BANK, scopes=READ)
        none = await figures(claims, self.PATH, org="bank-ganyu", scopes=READ)

        assert own["1"]["value"] == 2
        assert (none["1"]["value"], none["6"]["value"]) == (0, 0)

    async def test_needs_a_period_that_begins_before_it_ends(self, claims: Claims) -> None:
        path = f"/v1/reports/programme/{PROGRAMME}?on=2026-03-02"

        without = await get(claims, path)
        backwards = await get(claims, f"{path}&since=2026-03-03")
        unknown = await get(claims, f"/v1/reports/programme/none{self.PATH[-33:]}")

        assert_refused(without, 422, "since-missing", field="/since")
        assert_refused(backwards, 422, "period-invalid", field="/on")
        assert_refused(unknown, 404, "programme-not-found")


class TestFund:
    async def test_states_its_ledger_and_leverage(self, claims: Claims) -> None:
        path = f"/v1/reports/fund/{NFGF}?since=2026-03-01&on=2026-03-02"

        found = await figures(claims, path, org=NFGF, scopes=READ)
        foreign = await get(claims, path, org="fund-lyg", scopes=READ)

        by_title = {figure["title_en"]: figure["value"] for figure in found.values()}
        share = await claims.scheme.read(f"/v1/funds/{NFGF}", org=NFGF)
        assert by_title["cash, opening"] == 0
        assert by_title["cash, closing"] == share["cash_fen"]
        assert by_title["reserved, closing"] == share["reserved_fen"] == 0
        assert found["92"]["value"] == round((LOSS + DRAWN) * 1_000_000 / share["capital_fen"])
        assert_refused(foreign, 404, "fund-not-found")


class TestEnterprise:
    async def test_states_all_support_that_a_firm_received(self, claims: Claims) -> None:
        found = await figures(claims, f"/v1/reports/enterprise/{FIRM}?on=2026-03-02")

        assert values(found)["0.1"] == values(found)["1.1"] == 2 * DRAWN
        assert found["1.3"]["title_en"].startswith(f"programme {PROGRAMME}: ")
        assert found["0.3"]["value"] == found["1.3"]["value"]


class TestRegulator:
    PATH = f"/v1/reports/g53-05/{BANK}?on=2026-03-02"

    async def loan_ids(self, claims: Claims) -> list[str]:
        page = await claims.scheme.read("/v1/guarantees")
        return [each["loan_id"] for each in page["items"]]

    async def test_is_complete_once_the_bank_stated_what_events_do_not_tell(
        self, claims: Claims
    ) -> None:
        before = await figures(claims, self.PATH, org=BANK, scopes=READ)
        rows = [
            {
                "loan_id": loan_id,
                "size": "micro",
                "credit_line_fen": "800000000",
                "is_farmer": "no",
                "guarantor_is_public": "yes",
            }
            for loan_id in [*await self.loan_ids(claims), str(UUID(int=1))]
        ]
        stated = await claims.scheme.post(
            "/v1/loan-attributes", {"rows": rows}, org=BANK, scopes=STATE
        )
        foreign = await claims.scheme.post(
            "/v1/loan-attributes", {"rows": rows}, org="bank-ganyu", scopes=STATE
        )
        after = values(await figures(claims, self.PATH, org=BANK, scopes=READ))

        compensated = after["3"]
        assert before["1.1"]["value"] is None
        assert (stated.json()["accepted"], stated.json()["rejected"]) == (2, 1)
        assert stated.json()["rows"][2]["reasons"][0]["code"] == "not-your-loan"
        assert foreign.json()["accepted"] == 0
        assert compensated == LOSS - (LOSS * 20 // 100 + 1)
        assert after["1"] == after["1.1"] == after["1.1.1"] == LOSS + DRAWN - compensated
        assert after["1.4"] == LOSS - compensated
        assert after["2"] == 1

    async def test_is_a_banks_own(self, claims: Claims) -> None:
        foreign = await get(claims, self.PATH, org="bank-ganyu", scopes=READ)
        everybody = await get(claims, "/v1/reports/g53-05/all?on=2026-03-02", org=BANK, scopes=READ)
        whole = await figures(claims, "/v1/reports/g53-05/all?on=2026-03-02")

        assert_refused(foreign, 404, "subject-foreign")
        assert_refused(everybody, 404, "subject-foreign")
        assert whole["2"]["value"] == 1

    async def test_of_a_past_day_reads_the_facts_of_that_day(self, claims: Claims) -> None:
        loan_id = UUID((await self.loan_ids(claims))[1])
        claims.scheme.service.clock.advance(days=60)
        late = OverdueReported.example().model_copy(
            update={
                "loan_id": loan_id,
                "uscc": FIRM,
                "bank": BANK,
                "overdue_since": claims.scheme.service.clock().date().replace(day=1),
                "principal_outstanding_fen": 1,
                "reported_on": claims.scheme.service.clock().date(),
            }
        )
        before = values(await figures(claims, self.PATH))
        await claims.scheme.service.deliver(late)

        assert values(await figures(claims, self.PATH)) == before
        today = f"/v1/reports/g53-05/{BANK}?on={claims.scheme.service.clock().date()}"
        assert values(await figures(claims, today))["4"] != before["4"]


class TestFiles:
    async def test_are_the_same_figures_and_the_records_behind_them(self, claims: Claims) -> None:
        path = TestProgramme.PATH
        found = await figures(claims, path)

        text = (await get(claims, f"{path}&format=csv")).content.decode("utf-8-sig")
        book = load_workbook(io.BytesIO((await get(claims, f"{path}&format=xlsx")).content))
        behind = await get(claims, f"{path}&format=csv&part=sources")

        lines = list(csv.DictReader(io.StringIO(text)))
        assert {line["item"]: line["value"] for line in lines} == {
            item: "" if value is None else str(value) for item, value in values(found).items()
        }
        cells = list(book.worksheets[0].values)
        assert [row[4] for row in cells[1:]] == list(values(found).values())
        rows = list(csv.DictReader(io.StringIO(behind.content.decode("utf-8-sig"))))
        assert len(rows) == sum(len(figure["sources"]) for figure in found.values())


class TestSnapshot:
    async def keep(self, claims: Claims, *, org: str = BANK) -> httpx.Response:
        body = {"report": "g53-05", "subject": BANK, "on": "2026-03-02"}
        return await claims.scheme.post("/v1/snapshots", body, org=org, scopes=READ)

    async def test_reads_the_same_after_a_fact_was_corrected(self, claims: Claims) -> None:
        kept = await self.keep(claims)
        path = kept.headers["location"]
        before = await get(claims, path)
        good = (await claims.scheme.read("/v1/guarantees"))["items"][1]["loan_id"]
        corrected = a_classification(
            UUID(good), classification="normal", principal_outstanding_fen=DRAWN - 100
        )
        await claims.scheme.service.deliver(corrected)

        after = await get(claims, path)
        compared = (await get(claims, f"{path}/comparison")).json()
        listed = (await get(claims, "/v1/snapshots")).json()["items"]

        assert kept.status_code == 201, kept.text
        assert after.content == before.content
        changed = {change["item"]: change["now"] - change["then"] for change in compared["changes"]}
        assert changed == {"1": -100}
        assert [each["snapshot_id"] for each in listed] == [kept.json()["snapshot_id"]]

    async def test_is_for_who_took_it(self, claims: Claims) -> None:
        kept = await self.keep(claims)

        foreign = await get(claims, kept.headers["location"], org=GUARANTOR, scopes=READ)
        not_ones_own = await self.keep(claims, org=GUARANTOR)

        assert_refused(foreign, 404, "snapshot-not-found")
        assert_refused(not_ones_own, 404, "subject-foreign")

    async def test_cannot_be_changed(self, claims: Claims) -> None:
        await self.keep(claims)

        database = claims.scheme.service.database
        with pytest.raises(Exception, match=r"never changed|permission denied"):
            async with database.transaction() as work:
                await work.execute("UPDATE snapshot SET content = '{}'")
