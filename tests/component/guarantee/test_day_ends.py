"""The end of a day: set by set, resumed after a kill, and once for each case and day."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.guarantee.dayends import handlers, rules, store
from shared.events.credit import LoanSettled
from shared.events.guarantee import GuaranteeReleased
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.city import FIRM
from tests.support.claims import Claims
from tests.support.guarantees import BANK, GUARANTOR, NFGF, PROVINCE, TODAY, a_scheme

pytestmark = pytest.mark.component

OPERATE = ("guarantee.operations:read", "guarantee.operations:write")
READ = ("guarantee.guarantees:read",)
MATURED = date(2026, 3, 10)
PERIOD_ENDS = date(2026, 9, 10)
DRAWN = 400_000_000
Json = dict[str, Any]


@pytest.fixture
async def claims(service_of: ServiceFactory) -> Claims:
    scheme = await a_scheme(await service_of("guarantee"))
    await scheme.opening("nfgf-scitech", 200_000_000_000)
    return Claims(scheme)


def go_to(claims: Claims, day: date) -> None:
    clock = claims.scheme.service.clock
    clock.advance(days=(day - clock().date()).days)


async def run_all(claims: Claims) -> int:
    turns = 0
    while await handlers.run_some(claims.scheme.service.database):
        turns += 1
        assert turns < 50
    return turns


async def ask(claims: Claims, day: date) -> httpx.Response:
    body = {"day": day.isoformat()}
    return await claims.scheme.post("/v1/day-ends", body, org="operator", scopes=OPERATE)


async def ended(claims: Claims, day: date) -> dict[str, Json]:
    found = await claims.scheme.read(f"/v1/day-ends/{day}", org="operator", scopes=OPERATE)
    assert found["finished"]
    return {run["run"]: run for run in found["runs"]}


class TestRelease:
    async def test_ends_what_is_over_and_frees_what_it_held(self, claims: Claims) -> None:
        over = await claims.bad_loan(classification=None, matures_on=MATURED)
        lasting = await claims.bad_loan(classification=None)
        claimed = await claims.bad_loan(matures_on=MATURED)
        await claims.file(claimed)
        go_to(claims, PERIOD_ENDS.replace(day=11))

        await run_all(claims)

        runs = await ended(claims, PERIOD_ENDS)
        assert runs["release"]["changed"] == 1
        states = {
            one: (await claims.scheme.read(f"/v1/guarantees/{one}"))["state"]
            for one in (over, lasting, claimed)
        }
        assert states == {over: "released", lasting: "effective", claimed: "effective"}
        fund = await claims.scheme.read(f"/v1/funds/{NFGF}")
        assert fund["committed_fen"] == 2 * 140_000_000
        programme = await claims.scheme.read("/v1/programmes/nfgf-scitech")
        assert programme["enrolled_fen"] == 2 * DRAWN

    async def test_run_again_changes_nothing(self, claims: Claims) -> None:
        await claims.bad_loan(classification=None, matures_on=MATURED)
        go_to(claims, PERIOD_ENDS.replace(day=11))
        await run_all(claims)
        before = await claims.scheme.service.published_types()

        again = await ask(claims, PERIOD_ENDS)
        await run_all(claims)

        assert again.status_code == 202
        runs = await ended(claims, PERIOD_ENDS)
        assert (runs["release"]["passes"], runs["release"]["changed"]) == (2, 1)
        assert await claims.scheme.service.published_types() == before

    async def test_goes_on_behind_the_last_whole_page_after_a_kill(
        self, claims: Claims, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rules, "PAGE_CASES", 1)
        made = [await claims.bad_loan(classification=None, matures_on=MATURED) for _ in range(3)]
        go_to(claims, PERIOD_ENDS.replace(day=11))
        save = store.save
        saves = 0

        async def dies_once(*given: Any) -> None:  # noqa: ANN401 - as the real one
            nonlocal saves
            saves += 1
            if saves == 5:
                raise RuntimeError("killed after the releases of a page")
            await save(*given)

        monkeypatch.setattr(store, "save", dies_once)
        with pytest.raises(RuntimeError):
            await run_all(claims)
        await run_all(claims)

        assert (await ended(claims, PERIOD_ENDS))["release"]["changed"] == 3
        told = [
            str(record.data.guarantee_id)
            for record in await claims.scheme.service.published()
            if isinstance(record.data, GuaranteeReleased)
        ]
        assert sorted(told) == sorted(made)

    async def test_of_a_repaid_loan_that_its_event_released_finds_nothing(
        self, claims: Claims
    ) -> None:
        guarantee = await claims.bad_loan(classification=None)
        loan_id = (await claims.scheme.read(f"/v1/guarantees/{guarantee}"))["loan_id"]
        settled = LoanSettled(loan_id=UUID(loan_id), uscc=FIRM, bank=BANK, settled_on=TODAY)
        await claims.scheme.service.deliver(settled)
        claims.scheme.service.clock.advance(days=1)

        await run_all(claims)

        assert (await ended(claims, TODAY))["release"]["changed"] == 0


class TestFiling:
    MONTH_END = date(2026, 3, 31)

    async def test_files_what_took_effect_with_its_fee_once(self, claims: Claims) -> None:
        guarantee = await claims.bad_loan(classification=None)
        go_to(claims, date(2026, 4, 1))

        await run_all(claims)
        await ask(claims, self.MONTH_END)
        await run_all(claims)

        assert (await ended(claims, self.MONTH_END))["filing"]["changed"] == 1
        province = await claims.scheme.read(
            f"/v1/filings/{PROVINCE}/2026-03", org=PROVINCE, scopes=READ
        )
        nfgf = await claims.scheme.read(f"/v1/filings/{NFGF}/2026-03", org=GUARANTOR, scopes=READ)
        assert [each["guarantee_id"] for each in province["filings"]] == [guarantee]
        assert (province["count"], province["guaranteed_fen"]) == (1, DRAWN)
        assert nfgf["filings"][0]["fee_fen"] == nfgf["fee_fen"] == DRAWN * 35 // 100 * 3 // 1_000
        assert not nfgf["filings"][0]["is_late"]

    async def test_is_for_who_is_party_to_it(self, claims: Claims) -> None:
        await claims.bad_loan(classification=None)
        go_to(claims, date(2026, 4, 1))
        await run_all(claims)
        service = claims.scheme.service

        path = f"/v1/filings/{PROVINCE}/2026-03"
        foreign = await service.client.get(path, headers=service.headers(BANK, *READ))
        text = await service.client.get(
            f"{path}?format=csv", headers=service.headers(PROVINCE, *READ)
        )

        assert_refused(foreign, 404, "filings-not-found")
        assert len(text.content.decode("utf-8-sig").splitlines()) == 2

    async def test_is_what_a_reguarantor_pays_under(self, claims: Claims) -> None:
        claim = await claims.approved(await claims.bad_loan())
        go_to(claims, date(2026, 4, 1))

        early = await claims.pay(claim["claim_id"], "province", org=PROVINCE, paid_on="2026-04-01")
        await run_all(claims)
        after = await claims.pay(claim["claim_id"], "province", org=PROVINCE, paid_on="2026-04-01")

        assert_refused(early, 409, "not-filed")
        assert after.status_code == 200, after.text


class TestOverdue:
    async def test_lists_claims_with_legs_that_are_due_and_not_paid(self, claims: Claims) -> None:
        claim = await claims.approved(await claims.bad_loan())
        due = date.fromisoformat(claim["legs"][0]["due_on"])
        await claims.settled(await claims.bad_loan())
        go_to(claims, due)

        await run_all(claims)
        before = (await ended(claims, date.fromordinal(due.toordinal() - 1)))["overdue"]
        claims.scheme.service.clock.advance(days=1)
        await run_all(claims)

        assert before["changed"] == 0
        cases = await claims.scheme.read(
            f"/v1/day-ends/{due}/overdue/cases", org="operator", scopes=OPERATE
        )
        assert [case["case_id"] for case in cases["items"]] == [claim["claim_id"]]


class TestDay:
    async def test_must_be_over(self, claims: Claims) -> None:
        today = await ask(claims, TODAY)
        service = claims.scheme.service
        never = await service.client.get(
            "/v1/day-ends/2020-01-01", headers=service.headers("operator", *OPERATE)
        )

        assert_refused(today, 409, "day-not-over", field="/day")
        assert_refused(never, 404, "day-end-not-found")
