"""Enrolments: a bank's request becomes a letter, or is declined with every reason."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from services.guarantee.enrolments import handlers as enrolments
from services.guarantee.programmes.handlers import shipped_packs
from shared.events.credit import EnrolmentRequested
from shared.events.guarantee import GuaranteeDeclined, LetterIssued
from shared.events.guarantee_fund import FundCommitmentReserved
from shared.ids import new_id
from shared.messaging.apply import Outcome
from shared.messaging.records import NotYet
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.city import FIRM, an_institution
from tests.support.clocks import ManualClock
from tests.support.guarantees import (
    BANK,
    GUARANTOR,
    NFGF,
    OTHER_FIRM,
    POOL,
    PROVINCE,
    SCITECH,
    TODAY,
    Scheme,
    a_certificate,
    a_drawdown,
    a_request,
    a_scheme,
)

pytestmark = pytest.mark.component

CHECK: dict[str, Any] = {
    "uscc": FIRM,
    "amount_fen": 400_000_000,
    "rate_ppm": 38_000,
    "tenor_months": 12,
    "signed_on": "2026-02-20",
}
BANKS = ("guarantee.guarantees:read",)


@pytest.fixture
async def scheme(service_of: ServiceFactory) -> Scheme:
    return await a_scheme(await service_of("guarantee"))


class TestEnrolment:
    async def test_issues_a_letter_that_pins_everything(self, scheme: Scheme) -> None:
        request = a_request()

        await scheme.service.deliver(request)

        guarantee = await scheme.guarantee_of(request.loan_id)
        assert guarantee["state"] == "issued"
        assert guarantee["cover"]["tier"] == "tier_35"
        assert guarantee["cover"]["facts"] == {"firm_categories": ["hnte"]}
        assert guarantee["cover"]["commitment_fen"] == 140_000_000
        assert [(s["party"], s["org"], s["share_ppm"]) for s in guarantee["cover"]["shares"]] == [
            ("bank", BANK, 200_000),
            ("nfgf", NFGF, 350_000),
            ("province", PROVINCE, 200_000),
            ("guarantor", GUARANTOR, 250_000),
        ]
        assert guarantee["trace"]

    async def test_publishes_letter_and_commitment(self, scheme: Scheme) -> None:
        before = len(await scheme.service.published())

        await scheme.service.deliver(a_request())

        told = [received.data for received in (await scheme.service.published())[before:]]
        assert [event.TYPE for event in told] == [
            "guarantee.guarantee.applied.v1",
            "guarantee.guarantee.letter_issued.v1",
            "guarantee.fund.commitment_reserved.v1",
        ]
        letter, commitment = told[1], told[2]
        assert isinstance(letter, LetterIssued)
        assert (letter.guarantee_type, letter.period_months) == ("joint_and_several", 6)
        pack = shipped_packs().get("nfgf-scitech-2024", on=TODAY)
        assert f"sha256:{letter.rule_pack_digest}" == pack.digest
        assert isinstance(commitment, FundCommitmentReserved)
        assert (commitment.fund, commitment.amount_fen) == (NFGF, 140_000_000)

    async def test_fills_quota_and_fund(self, scheme: Scheme) -> None:
        await scheme.service.deliver(a_request(amount_fen=500_000_001))

        programme = await scheme.read("/v1/programmes/nfgf-scitech")
        fund = await scheme.read(f"/v1/funds/{NFGF}")
        assert programme["enrolled_fen"] == 500_000_001
        # 35 % is 175,000,000.35 fen: what may have to be paid rounds up.
        assert fund["committed_fen"] == 175_000_001
        assert fund["capacity_fen"] == 100_000_000_000 - 175_000_001

    async def test_takes_the_tier_of_the_day_of_the_request(self, scheme: Scheme) -> None:
        await scheme.service.deliver(a_certificate(FIRM, "little_giant"))
        later, earlier = a_request(), a_request(requested_on=date(2024, 12, 31))

        await scheme.service.deliver(later, earlier)

        assert (await scheme.guarantee_of(later.loan_id))["cover"]["tier"] == "tier_40"
        refused = await scheme.guarantee_of(earlier.loan_id)
        assert "no-tier" in [refusal["code"] for refusal in refused["refusals"]]

    async def test_gives_back_the_same_answer_to_a_repeated_event(self, scheme: Scheme) -> None:
        request, event_id = a_request(), new_id()
        twice = [scheme.service.record(request, sequence=1, event_id=event_id) for _ in range(2)]

        outcomes = [await scheme.service.deliver_record(record) for record in twice]

        assert outcomes == [Outcome.APPLIED, Outcome.DUPLICATE]
        assert (await scheme.read("/v1/programmes/nfgf-scitech"))["enrolled_fen"] == 400_000_000

    async def test_covers_one_loan_once(self, scheme: Scheme) -> None:
        request = a_request()

        await scheme.service.deliver(request, request)

        page = await scheme.read(f"/v1/guarantees?loan_id={request.loan_id}")
        assert [item["state"] for item in page["items"]] == ["issued", "declined"]
        assert page["items"][1]["refusals"][0]["code"] == "loan-already-covered"

    @pytest.mark.parametrize("missing", ["enterprise", "guarantor"])
    async def test_waits_for_what_registry_has_not_told_yet(
        self, scheme: Scheme, missing: str
    ) -> None:
        request = (
            a_request(uscc=OTHER_FIRM)
            if missing == "enterprise"
            else a_request(guarantor="guarantor-new")
        )

        with pytest.raises(NotYet, match=missing):
            await scheme.service.deliver_record(scheme.service.record(request, sequence=1))

        await scheme.firm(OTHER_FIRM, "tech_sme")
        await scheme.service.deliver(an_institution("guarantor-new", "guarantor"))
        await scheme.service.deliver(request)
        assert (await scheme.guarantee_of(request.loan_id))["state"] == "issued"


REFUSED: list[tuple[str, Callable[[], EnrolmentRequested]]] = [
    ("programme-unknown", lambda: a_request(programme="nowhere")),
    ("programme-not-active", lambda: a_request(requested_on=date(2026, 2, 28))),
    ("enrolment-window", lambda: a_request(signed_on=date(2026, 1, 30))),
    ("enrolment-window", lambda: a_request(signed_on=date(2026, 3, 3))),
    ("firm-balance", lambda: a_request(amount_fen=3_000_000_001)),
    ("quota-exhausted", lambda: a_request(amount_fen=100_000_000_001)),
    ("guarantor-not-eligible", lambda: a_request(guarantor=BANK)),
    ("tenor", lambda: a_request(programme="sip-yuankedai", tenor_months=13)),
    ("amount", lambda: a_request(programme="sip-yuankedai", amount_fen=500_000_001)),
]


class TestRefusal:
    @pytest.mark.parametrize(("code", "request_of"), REFUSED, ids=[code for code, _ in REFUSED])
    async def test_is_published_with_its_code(
        self, scheme: Scheme, code: str, request_of: Callable[[], EnrolmentRequested]
    ) -> None:
        request = request_of()

        await scheme.service.deliver(request)

        declined = (await scheme.service.published())[-1].data
        assert isinstance(declined, GuaranteeDeclined)
        assert code in declined.refusal_codes
        shown = await scheme.guarantee_of(request.loan_id)
        assert (shown["state"], shown["cover"]) == ("declined", None)

    async def test_names_every_reason(self, scheme: Scheme) -> None:
        request = a_request(programme="sip-yuankedai", amount_fen=500_000_001, tenor_months=13)

        await scheme.service.deliver(request)

        refusals = (await scheme.guarantee_of(request.loan_id))["refusals"]
        assert [(r["code"], r["limit"], r["actual"]) for r in refusals] == [
            ("amount", 500_000_000, 500_000_001),
            ("tenor", 12, 13),
        ]

    async def test_moves_neither_quota_nor_fund(self, scheme: Scheme) -> None:
        before = await scheme.read(f"/v1/funds/{NFGF}")

        await scheme.service.deliver(a_request(amount_fen=3_000_000_001))

        assert await scheme.read(f"/v1/funds/{NFGF}") == before
        assert (await scheme.read("/v1/programmes/nfgf-scitech"))["enrolled_fen"] == 0

    async def test_comes_when_the_firms_balance_is_full(self, scheme: Scheme) -> None:
        last = a_request(amount_fen=1)

        await scheme.service.deliver(a_request(amount_fen=3_000_000_000), last)

        refusals = (await scheme.guarantee_of(last.loan_id))["refusals"]
        assert [r["code"] for r in refusals] == ["firm-balance"]

    async def test_comes_when_the_funds_capacity_is_used_up(self, scheme: Scheme) -> None:
        await scheme.fund("fund-small", capital_fen=14_000_000)
        small = {"programme": "small", "fund": "fund-small"}
        parties = {"nfgf": "fund-small", "province": PROVINCE}
        await scheme.programme({**SCITECH, **small, "parties": parties})
        fits, exceeds = a_request(programme="small"), a_request(programme="small", amount_fen=1)

        await scheme.service.deliver(fits, exceeds)

        assert (await scheme.guarantee_of(fits.loan_id))["state"] == "issued"
        refusals = (await scheme.guarantee_of(exceeds.loan_id))["refusals"]
        assert [r["code"] for r in refusals] == ["fund-capacity-exhausted"]


class TestCheck:
    async def test_tells_tier_and_shares_and_stores_nothing(self, scheme: Scheme) -> None:
        before = len(await scheme.service.published())

        answer = await scheme.post(
            "/v1/programmes/nfgf-scitech/enrolment-checks", CHECK, org=BANK, scopes=BANKS
        )

        assert answer.status_code == 200, answer.text
        assert answer.json() == {
            "accepted": True,
            "tier": "tier_35",
            "shares": [
                {"party": "bank", "share_ppm": 200_000},
                {"party": "nfgf", "share_ppm": 350_000},
                {"party": "province", "share_ppm": 200_000},
                {"party": "guarantor", "share_ppm": 250_000},
            ],
            "commitment_fen": 140_000_000,
        }
        assert len(await scheme.service.published()) == before

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"amount_fen": 3_000_000_001}, "/firm_guaranteed_balance_fen"),
            ({"signed_on": "2026-01-01"}, "/signed_on"),
            ({"uscc": OTHER_FIRM}, "/uscc"),
        ],
    )
    async def test_says_why_it_would_be_refused(
        self, scheme: Scheme, change: dict[str, object], field: str
    ) -> None:
        answer = await scheme.post(
            "/v1/programmes/nfgf-scitech/enrolment-checks", CHECK | change, org=BANK, scopes=BANKS
        )

        assert_refused(answer, 409, "enrolment-refused", field=field)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"uscc": "91320706MA1N00018M"}, "/uscc"),
            ({"amount_fen": 0}, "/amount_fen"),
            ({"amount_fen": "400000000"}, "/amount_fen"),
            ({"amount_fen": 4.0}, "/amount_fen"),
            ({"rate_ppm": -1}, "/rate_ppm"),
            ({"tenor_months": 0}, "/tenor_months"),
            ({"signed_on": "20260220"}, "/signed_on"),
            ({"bank": "Bank Haizhou"}, "/bank"),
            ({"colour": "red"}, "/colour"),
        ],
    )
    async def test_refuses_a_malformed_field(
        self, scheme: Scheme, change: dict[str, object], field: str
    ) -> None:
        answer = await scheme.post(
            "/v1/programmes/nfgf-scitech/enrolment-checks", CHECK | change, org=BANK, scopes=BANKS
        )

        assert_refused(answer, 422, "malformed", field=field)

    async def test_tells_no_bank_what_a_firm_owes_elsewhere_or_is(self, scheme: Scheme) -> None:
        await scheme.service.deliver(an_institution("bank-ganyu", "bank"), a_request())
        path, other = "/v1/programmes/nfgf-scitech/enrolment-checks", "bank-ganyu"

        full = await scheme.post(
            path, CHECK | {"amount_fen": 3_000_000_000}, org=other, scopes=BANKS
        )

        [reason] = full.json()["violations"]
        assert (reason["code"], reason["limit"]) == ("firm-balance", 3_000_000_000)
        assert reason.get("actual") is None
        assert "3400000000" not in full.text

    async def test_shows_the_figure_of_others_in_no_answer_read_by_the_bank(
        self, scheme: Scheme
    ) -> None:
        last = a_request(amount_fen=123)
        await scheme.service.deliver(a_request(amount_fen=3_000_000_000), last)
        path = f"/v1/guarantees?loan_id={last.loan_id}"

        whole = await scheme.guarantee_of(last.loan_id)
        read = await scheme.service.client.get(path, headers=scheme.service.headers(BANK, *BANKS))

        assert whole["refusals"][0]["actual"] == 3_000_000_123
        [told] = read.json()["items"]
        assert [refusal["code"] for refusal in told["refusals"]] == ["firm-balance"]
        assert [step["step"] for step in told["trace"]] == [s["step"] for s in whole["trace"]]
        assert "3000000123" not in read.text

    @pytest.mark.parametrize("org", [GUARANTOR, NFGF, "bank-unknown"])
    async def test_is_for_banks_of_the_directory(self, scheme: Scheme, org: str) -> None:
        answer = await scheme.post(
            "/v1/programmes/nfgf-scitech/enrolment-checks", CHECK, org=org, scopes=BANKS
        )

        assert_refused(answer, 403, "asked-by-no-bank")

    async def test_is_for_the_callers_own_bank(self, scheme: Scheme) -> None:
        await scheme.service.deliver(an_institution("bank-ganyu", "bank"))
        path, other = "/v1/programmes/nfgf-scitech/enrolment-checks", CHECK | {"bank": "bank-ganyu"}

        refused = await scheme.post(path, other, org=BANK, scopes=BANKS)
        overseer = (*BANKS, "guarantee.guarantees:read-all")
        allowed = await scheme.post(path, other, org="operator", scopes=overseer)
        without = await scheme.post(path, CHECK, org=BANK, scopes=())

        assert_refused(refused, 403, "other-bank")
        assert_refused(without, 403, "missing-scope")
        assert allowed.status_code == 200

    async def test_knows_no_unknown_programme(self, scheme: Scheme) -> None:
        answer = await scheme.post(
            "/v1/programmes/nowhere/enrolment-checks", CHECK, org=BANK, scopes=BANKS
        )

        assert_refused(answer, 404, "programme-not-found")


class TestDrawdown:
    async def test_brings_the_guarantee_into_force(self, scheme: Scheme) -> None:
        request = a_request()

        await scheme.service.deliver(request, a_drawdown(request, amount_fen=300_000_000))

        guarantee = await scheme.guarantee_of(request.loan_id)
        assert guarantee["state"] == "effective"
        assert (guarantee["amount_fen"], guarantee["covered_fen"]) == (400_000_000, 300_000_000)
        assert guarantee["matures_on"] == "2027-03-02"
        assert (await scheme.service.published_types())[-1] == "guarantee.guarantee.took_effect.v1"

    async def test_of_a_declined_loan_moves_nothing(self, scheme: Scheme) -> None:
        request = a_request(programme="nowhere")

        outcomes = await scheme.service.deliver(request, a_drawdown(request))

        assert outcomes == [Outcome.APPLIED, Outcome.APPLIED]
        assert (await scheme.guarantee_of(request.loan_id))["state"] == "declined"


class TestReading:
    async def test_is_for_the_parties_of_the_guarantee(self, scheme: Scheme) -> None:
        request = a_request()
        await scheme.service.deliver(request)
        guarantee_id = (await scheme.guarantee_of(request.loan_id))["guarantee_id"]

        statuses = {}
        for org in (BANK, GUARANTOR, NFGF, PROVINCE, "bank-ganyu", POOL):
            headers = scheme.service.headers(org, "guarantee.guarantees:read")
            answer = await scheme.service.client.get(
                f"/v1/guarantees/{guarantee_id}", headers=headers
            )
            page = await scheme.service.client.get("/v1/guarantees", headers=headers)
            statuses[org] = (answer.status_code, len(page.json()["items"]))

        assert statuses == {
            BANK: (200, 1),
            GUARANTOR: (200, 1),
            NFGF: (200, 1),
            PROVINCE: (200, 1),
            "bank-ganyu": (404, 0),
            POOL: (404, 0),
        }

    async def test_pages_through_all_of_them(self, scheme: Scheme) -> None:
        await scheme.service.deliver(*(a_request(amount_fen=100) for _ in range(5)))

        seen, path = [], "/v1/guarantees?limit=2"
        while True:
            page = await scheme.read(path)
            seen += [item["guarantee_id"] for item in page["items"]]
            if page["next"] is None:
                break
            path = f"/v1/guarantees?limit=2&after={page['next']}"

        assert len(seen) == len(set(seen)) == 5
        assert seen == sorted(seen)


class TestPortfolio:
    async def test_of_five_hundred_enrols_in_one_transaction(
        self, scheme: Scheme, clock: ManualClock
    ) -> None:
        requests = [
            a_request(programme="sip-yuankedai", amount_fen=15_000_000, loan_id=new_id())
            for _ in range(500)
        ]

        async with scheme.service.database.transaction() as work:
            for request in requests:
                await enrolments.decide_request(work, request, packs=shipped_packs())

        programme = await scheme.read("/v1/programmes/sip-yuankedai")
        fund = await scheme.read(f"/v1/funds/{POOL}")
        assert programme["enrolled_fen"] == 500 * 15_000_000
        assert fund["committed_fen"] == 500 * 7_500_000
