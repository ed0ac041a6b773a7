"""Breakers: losses reach the threshold, enrolment stops, a decision restores it."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.events.credit import Classification
from shared.events.guarantee import BreakerRestored, BreakerTripped, GuaranteeDeclined
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.city import FIRM
from tests.support.claims import Claims, a_classification
from tests.support.clocks import ManualClock
from tests.support.guarantees import BANK, GUARANTOR, POOL, a_drawdown, a_request, a_scheme

pytestmark = pytest.mark.component

PROGRAMME = "sip-yuankedai"
BALANCE_FEN = 1_000_000_000
READ = ("guarantee.breakers:read",)
RESTORE = ("guarantee.breakers:restore",)


@pytest.fixture
async def claims(service_of: ServiceFactory) -> Claims:
    """A park's programme whose bank had 10,000,000 yuan out at the end of last year."""
    scheme = await a_scheme(await service_of("guarantee"))
    for bank in (None, BANK):
        opened = await scheme.opening(PROGRAMME, BALANCE_FEN, bank=bank)
        assert opened.status_code == 201, opened.text
    return Claims(scheme)


async def loan(
    claims: Claims, *, amount_fen: int = 200_000_000, programme: str = PROGRAMME
) -> UUID:
    """Enrol and draw a loan; returns its id."""
    asked = a_request(programme=programme, amount_fen=amount_fen)
    await claims.scheme.service.deliver(asked, a_drawdown(asked))
    return asked.loan_id


async def classify(
    claims: Claims, loan_id: UUID, fen: int, to: Classification = "substandard"
) -> None:
    """Let the bank classify a loan with what is still owed."""
    word = a_classification(loan_id, classification=to, principal_outstanding_fen=fen)
    await claims.scheme.service.deliver(word)


async def breaker(claims: Claims, org: str = POOL) -> dict[str, Any]:
    """Read the bank's breaker."""
    return await claims.scheme.read(f"/v1/breakers/{PROGRAMME}/{BANK}", org=org, scopes=READ)


async def restore(claims: Claims, org: str = POOL) -> httpx.Response:
    """Decide that the bank may enrol again."""
    current = await breaker(claims)
    return await claims.scheme.post(
        f"/v1/breakers/{PROGRAMME}/{BANK}/restore",
        {"reason": "不良率已回落"},
        org=org,
        scopes=RESTORE,
        If_Match=f'"{current["version"]}"',
    )


async def published(claims: Claims, kind: type[object]) -> list[Any]:
    """Return what was published of one type."""
    return [r.data for r in await claims.scheme.service.published() if isinstance(r.data, kind)]


class TestCounting:
    async def test_trips_when_the_threshold_is_reached_to_the_fen(self, claims: Claims) -> None:
        first = await loan(claims)

        await classify(claims, first, 99_999_999)
        before = await breaker(claims)
        await classify(claims, first, 100_000_000)
        after = await breaker(claims)

        assert (before["state"], before["ratio_ppm"]) == ("normal", 99_999)
        assert (after["state"], after["numerator_fen"]) == ("suspended", 100_000_000)
        [tripped] = await published(claims, BreakerTripped)
        assert (tripped.numerator_fen, tripped.base_fen) == (100_000_000, BALANCE_FEN)
        assert tripped.threshold_ppm == 100_000

    async def test_counts_each_loan_once_however_often_it_is_classified(
        self, claims: Claims
    ) -> None:
        first, second = await loan(claims), await loan(claims)

        await classify(claims, first, 40_000_000)
        await classify(claims, first, 40_000_000, "doubtful")
        await classify(claims, first, 30_000_000, "loss")
        await classify(claims, second, 20_000_000)
        await classify(claims, second, 20_000_000, "normal")

        assert (await breaker(claims))["numerator_fen"] == 30_000_000

    async def test_counts_no_loan_that_is_not_enrolled_and_no_class_above(
        self, claims: Claims
    ) -> None:
        await classify(claims, a_request().loan_id, 500_000_000)
        await classify(claims, await loan(claims, programme="nfgf-scitech"), 200_000_000)
        await classify(claims, await loan(claims), 200_000_000, "special_mention")

        assert (await breaker(claims))["numerator_fen"] == 0

    async def test_acts_on_what_was_counted_before_the_year_was_opened(
        self, service_of: ServiceFactory
    ) -> None:
        claims = Claims(await a_scheme(await service_of("guarantee")))
        await classify(claims, await loan(claims), 100_000_000)
        assert await published(claims, BreakerTripped) == []

        await claims.scheme.opening(PROGRAMME, BALANCE_FEN, bank=BANK)

        assert (await breaker(claims))["state"] == "suspended"
        assert len(await published(claims, BreakerTripped)) == 1

    async def test_lets_a_loss_of_a_year_that_is_not_open_count_in_the_current_one(
        self, claims: Claims
    ) -> None:
        bad = await loan(claims)
        told_late = a_classification(
            bad, principal_outstanding_fen=99_999_999, classified_on=date(2025, 12, 31)
        )

        await claims.scheme.service.deliver(told_late)
        first = await breaker(claims)
        await classify(claims, bad, 100_000_000, "loss")
        then = await breaker(claims)

        assert (first["year"], first["numerator_fen"]) == (2026, 99_999_999)
        assert (then["state"], then["numerator_fen"]) == ("suspended", 100_000_000)

    async def test_is_not_moved_by_another_year(self, claims: Claims) -> None:
        future = await claims.scheme.opening(PROGRAMME, BALANCE_FEN, bank=BANK, year=2027)
        past = await claims.scheme.opening(PROGRAMME, 1, bank=BANK, year=2025)
        old = a_classification(
            await loan(claims), principal_outstanding_fen=7, classified_on=date(2025, 12, 31)
        )
        await claims.scheme.service.deliver(old)
        calm = await breaker(claims)
        await classify(claims, await loan(claims), 100_000_000)

        assert_refused(future, 409, "year-not-begun", field="/year")
        assert past.status_code == 201, past.text
        assert (calm["state"], calm["year"], calm["numerator_fen"]) == ("normal", 2026, 0)
        assert (await breaker(claims))["state"] == "suspended"
        shown = await claims.scheme.read(f"/v1/programmes/{PROGRAMME}")
        counted = {c["year"]: c["npl_principal_loss_fen"] for c in shown["counters"] if c["bank"]}
        assert counted == {2026: 100_000_000, 2025: 7}


class TestSuspension:
    async def test_stops_enrolment_and_says_why_and_lets_old_claims_pay(
        self, claims: Claims
    ) -> None:
        guarantee_id = await claims.bad_loan(
            programme=PROGRAMME, amount_fen=200_000_000, owed_fen=200_000_000
        )
        terms = {
            "uscc": FIRM,
            "amount_fen": 100_000_000,
            "rate_ppm": 34_500,
            "tenor_months": 12,
            "signed_on": "2026-03-02",
        }

        checked = await claims.scheme.post(
            f"/v1/programmes/{PROGRAMME}/enrolment-checks",
            terms,
            org=BANK,
            scopes=("guarantee.guarantees:read",),
        )
        await claims.scheme.service.deliver(a_request(programme=PROGRAMME, amount_fen=1_000_000))
        claim = await claims.settled(guarantee_id, principal_outstanding_fen=200_000_000)

        assert_refused(checked, 409, "enrolment-refused", field="/bank")
        [reason] = checked.json()["violations"]
        assert reason["code"] == "breaker-suspended"
        assert (reason["limit"], reason["actual"]) == (100_000_000, 200_000_000)
        assert "2,000,000.00" in reason["zh"]
        assert "10 %" in reason["en"]
        [declined] = await published(claims, GuaranteeDeclined)
        assert declined.refusal_codes == ("breaker-suspended",)
        assert claim["state"] == "settled"

    async def test_leaves_other_banks_alone(self, claims: Claims) -> None:
        await classify(claims, await loan(claims), 200_000_000)

        other = a_request(programme=PROGRAMME, bank="bank-ganyu", amount_fen=1_000_000)
        await claims.scheme.service.deliver(other)

        assert (await claims.scheme.guarantee_of(other.loan_id))["state"] == "issued"


class TestRestoring:
    async def test_waits_until_the_ratio_is_below_the_threshold(self, claims: Claims) -> None:
        bad = await loan(claims)
        await classify(claims, bad, 100_000_000)

        early = await restore(claims)
        await classify(claims, bad, 99_999_999)
        still = await breaker(claims)
        restored = await restore(claims)
        again = await restore(claims)

        assert_refused(early, 409, "ratio-still-reached")
        assert (still["state"], still["numerator_fen"]) == ("suspended", 99_999_999)
        assert restored.json()["state"] == "normal", restored.text
        assert restored.json()["reason"] == "不良率已回落"
        assert_refused(again, 409, "breaker-not-suspended")
        assert [event.bank for event in await published(claims, BreakerRestored)] == [BANK]
        await claims.scheme.service.deliver(
            accepted := a_request(programme=PROGRAMME, amount_fen=1_000_000)
        )
        assert (await claims.scheme.guarantee_of(accepted.loan_id))["state"] == "issued"

    async def test_follows_a_new_years_opening(self, claims: Claims, clock: ManualClock) -> None:
        await classify(claims, await loan(claims), 100_000_000)
        clock.advance(days=365)

        unopened = await restore(claims)
        await claims.scheme.opening(PROGRAMME, BALANCE_FEN, bank=BANK, year=2027)
        opened = await breaker(claims)
        restored = await restore(claims)

        assert_refused(unopened, 409, "year-not-opened")
        assert (opened["state"], opened["year"], opened["numerator_fen"]) == ("suspended", 2027, 0)
        assert restored.json()["state"] == "normal", restored.text

    async def test_is_nobodys_own_decision(self, claims: Claims) -> None:
        await classify(claims, await loan(claims), 100_000_000)
        path = f"/v1/breakers/{PROGRAMME}/{BANK}/restore"
        body = {"reason": "请恢复"}

        own = await restore(claims, org=BANK)
        stranger = await restore(claims, org="bank-ganyu")
        unscoped = await claims.scheme.post(path, body, org=POOL, scopes=READ, If_Match='"1"')
        unversioned = await claims.scheme.post(path, body, org=POOL, scopes=RESTORE)
        stale = await claims.scheme.post(path, body, org=POOL, scopes=RESTORE, If_Match='"99"')
        silent = await claims.scheme.post(
            path, {"reason": " "}, org=POOL, scopes=RESTORE, If_Match='"1"'
        )

        assert_refused(own, 403, "own-breaker")
        assert_refused(stranger, 404, "breaker-not-found")
        assert_refused(unscoped, 403, "missing-scope")
        assert_refused(unversioned, 428, "precondition-required")
        assert_refused(stale, 412, "stale-version")
        assert_refused(silent, 422, "malformed", field="/reason")


class TestReading:
    async def test_shows_a_bank_its_own_and_the_fund_every_one(self, claims: Claims) -> None:
        await claims.scheme.opening(PROGRAMME, BALANCE_FEN, bank="bank-ganyu")

        seen = {}
        for org in (BANK, "bank-ganyu", POOL, GUARANTOR):
            path = f"/v1/breakers?programme={PROGRAMME}&limit=1"
            page = await claims.scheme.read(path, org=org, scopes=READ)
            items = page["items"]
            if page["next"]:
                rest = await claims.scheme.read(
                    f"{path}&after={page['next']}", org=org, scopes=READ
                )
                items += rest["items"]
            seen[org] = [item["bank"] for item in items]

        assert seen == {
            BANK: [BANK],
            "bank-ganyu": ["bank-ganyu"],
            POOL: ["bank-ganyu", BANK],
            GUARANTOR: [],
        }
