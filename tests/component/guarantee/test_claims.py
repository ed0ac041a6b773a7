"""Claims from the filing to the close, over REST on a real database."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.events.guarantee import ClaimDeadlineReached, ClaimSettled, LegDue, LossSplitCalculated
from shared.events.guarantee_fund import FundClaimReserved, FundDebited
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.claims import CHECKER, MAKER, Claims, a_classification, a_filing, amounts
from tests.support.clocks import ManualClock
from tests.support.guarantees import BANK, GUARANTOR, NFGF, PROVINCE, SCITECH, TODAY, a_scheme

pytestmark = pytest.mark.component

THIRDS = {
    "bank": 66_666_667,
    "nfgf": 116_666_666,
    "province": 66_666_667,
    "guarantor": 83_333_333,
}


@pytest.fixture
async def claims(service_of: ServiceFactory) -> Claims:
    """Claims in a scheme whose year is opened at 200,000,000 yuan."""
    scheme = await a_scheme(await service_of("guarantee"))
    opened = await scheme.opening("nfgf-scitech", 20_000_000_000)
    assert opened.status_code == 201, opened.text
    return Claims(scheme)


async def types_after(claims: Claims, first: str) -> list[str]:
    """Return the types in the outbox from the first of one type on."""
    types = await claims.scheme.service.published_types()
    return types[types.index(first) :]


class TestFiling:
    async def test_takes_the_banks_claim_and_publishes_it(self, claims: Claims) -> None:
        guarantee_id = await claims.bad_loan()

        claim = await claims.file(guarantee_id)

        assert claim["state"] == "filed"
        assert claim["covered_fen"] == 400_000_000
        assert claim["legs"] == []
        assert (await types_after(claims, "guarantee.claim.filed.v1"))[0] == (
            "guarantee.claim.filed.v1"
        )

    @pytest.mark.parametrize(
        ("loan", "filing", "code", "field"),
        [
            ({"classification": "special_mention"}, {}, "loan-performing", "/guarantee_id"),
            ({"classification": None}, {}, "loan-performing", "/guarantee_id"),
            (
                {},
                {"principal_outstanding_fen": 333_333_334},
                "above-cover",
                "/principal_outstanding_fen",
            ),
            ({}, {"recovered_fen": 333_333_333}, "no-loss", "/recovered_fen"),
            ({"drawn_on": date(2026, 3, 3)}, {}, "filing-date", "/guarantee_id"),
        ],
    )
    async def test_refuses_what_the_guarantee_does_not_cover(
        self,
        claims: Claims,
        loan: dict[str, Any],
        filing: dict[str, Any],
        code: str,
        field: str,
    ) -> None:
        guarantee_id = await claims.bad_loan(**loan)

        answer = await claims.try_file(a_filing(guarantee_id, **filing))

        assert_refused(answer, 409, "claim-refused", field=field)
        assert code in [violation["code"] for violation in answer.json()["violations"]]

    async def test_is_dated_by_its_receipt_and_heard_to_the_last_day_of_the_period(
        self, claims: Claims, clock: ManualClock
    ) -> None:
        first, second = [
            await claims.bad_loan(amount_fen=400_000_000, matures_on=date(2026, 3, 2))
            for _ in range(2)
        ]
        clock.advance(days=(date(2026, 9, 2) - TODAY).days)
        last = await claims.try_file(a_filing(first))
        clock.advance(days=1)

        late = await claims.try_file(a_filing(second))
        dated_back = await claims.try_file(a_filing(second, filed_on="2026-09-02"))

        assert last.json()["filed_on"] == "2026-09-02", last.text
        assert_refused(late, 409, "claim-refused", field="/guarantee_id")
        [violation] = late.json()["violations"]
        assert (violation["code"], violation["limit"], violation["actual"]) == (
            "guarantee-period-over",
            "2026-09-02",
            "2026-09-03",
        )
        assert_refused(dated_back, 422, "malformed", field="/filed_on")

    async def test_takes_one_claim_per_guarantee_until_it_is_rejected(self, claims: Claims) -> None:
        guarantee_id = await claims.bad_loan()
        first = await claims.file(guarantee_id)

        second = await claims.try_file(a_filing(guarantee_id))
        await claims.reject(first["claim_id"])
        third = await claims.try_file(a_filing(guarantee_id))

        assert_refused(second, 409, "claim-open")
        assert third.status_code == 201

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"guarantee_id": "x"}, "/guarantee_id"),
            ({"principal_outstanding_fen": 0}, "/principal_outstanding_fen"),
            ({"principal_outstanding_fen": 1.5}, "/principal_outstanding_fen"),
            ({"principal_outstanding_fen": "1"}, "/principal_outstanding_fen"),
            ({"recovered_fen": -1}, "/recovered_fen"),
            ({"documents": []}, "/documents"),
            ({"documents": [{"kind": "Loan", "sha256": "a" * 64}]}, "/documents/0/kind"),
            ({"documents": [{"kind": "loan", "sha256": "a"}]}, "/documents/0/sha256"),
            ({"filed_on": "2026-03-02"}, "/filed_on"),
            ({"legs": []}, "/legs"),
        ],
    )
    async def test_names_the_malformed_field(
        self, claims: Claims, changes: dict[str, Any], field: str
    ) -> None:
        body = a_filing("01890a5d-ac96-774b-bcce-b302099a8057") | changes

        assert_refused(await claims.try_file(body), 422, "malformed", field=field)

    async def test_hides_guarantees_from_strangers_and_keeps_others_from_claiming(
        self, claims: Claims
    ) -> None:
        body = a_filing(await claims.bad_loan())

        stranger = await claims.try_file(body, org="bank-ganyu")
        guarantor = await claims.try_file(body, org=GUARANTOR)
        unscoped = await claims.scheme.post("/v1/claims", body, org=BANK, scopes=())

        assert_refused(stranger, 404, "guarantee-not-found")
        assert_refused(guarantor, 403, "not-the-bank")
        assert_refused(unscoped, 403, "missing-scope")

    async def test_repeats_its_answer_and_refuses_the_key_for_another_body(
        self, claims: Claims
    ) -> None:
        guarantee_id = await claims.bad_loan()
        first = await claims.try_file(a_filing(guarantee_id), key="once")

        again = await claims.try_file(a_filing(guarantee_id), key="once")
        other = await claims.try_file(a_filing(guarantee_id, recovered_fen=1), key="once")

        assert again.content == first.content
        assert_refused(other, 422, "idempotency-key-reused")


class TestDecision:
    async def test_is_made_by_two_persons_of_the_guarantor(self, claims: Claims) -> None:
        claim_id = (await claims.file(await claims.bad_loan()))["claim_id"]

        early = await claims.approve(claim_id)
        foreign = await claims.verify(claim_id, org=BANK)
        await claims.verify(claim_id)
        same = await claims.approve(claim_id, by=MAKER)
        other = await claims.approve(claim_id, by=CHECKER)

        assert_refused(early, 409, "claim-state")
        assert_refused(foreign, 403, "not-the-guarantor")
        assert_refused(same, 409, "four-eyes")
        assert other.status_code == 200, other.text
        assert (other.json()["verified_by"], other.json()["approved_by"]) == (MAKER, CHECKER)

    async def test_splits_the_loss_and_lets_the_legs_fall_due(self, claims: Claims) -> None:
        claim = await claims.approved(await claims.bad_loan())

        assert amounts(claim["legs"]) == THIRDS
        assert {leg["party"]: leg["org"] for leg in claim["legs"]} == {
            "bank": BANK,
            "nfgf": NFGF,
            "province": PROVINCE,
            "guarantor": GUARANTOR,
        }
        assert {leg["due_on"] for leg in claim["legs"]} == {"2026-03-12"}
        published = [received.data for received in await claims.scheme.service.published()]
        split = next(each for each in published if isinstance(each, LossSplitCalculated))
        assert {leg.party: leg.amount_fen for leg in split.legs} == THIRDS
        assert sum(each.amount_fen for each in published if isinstance(each, LegDue)) == 333_333_333
        reserved = [each for each in published if isinstance(each, FundClaimReserved)]
        assert [each.amount_fen for each in reserved] == [THIRDS["nfgf"]]
        sequences = [
            received.sequence
            for received in await claims.scheme.service.published()
            if received.subject == claim["claim_id"] and received.sequence is not None
        ]
        assert sequences == list(range(1, claim["version"] + 1))

    async def test_can_be_run_again_from_what_is_stored(self, claims: Claims) -> None:
        claim = await claims.approved(await claims.bad_loan())
        split = await claims.split(claim["claim_id"])

        pack = {name: split["rule_pack"][name] for name in ("id", "version")}
        again = await claims.scheme.post(
            "/v1/loss-splits/quote", {"rule_pack": pack, **split["inputs"]}, org=BANK, scopes=()
        )

        assert again.json()["digest"] == split["digest"], again.text
        assert again.json()["trace"] == split["trace"]
        assert split["inputs"]["counters"] == {
            "rate_cap_base_fen": 20_000_000_000,
            "claims_paid_this_year_fen": 0,
        }
        assert sum(amounts(split["legs"], "base_fen").values()) == split["eligible_loss_fen"]

    async def test_is_drawn_for_those_who_may_see_it(self, claims: Claims) -> None:
        claim = await claims.approved(await claims.bad_loan())
        path, client = f"/v1/claims/{claim['claim_id']}/split.svg", claims.scheme.service

        drawn, hidden = [
            await client.client.get(path, headers=client.headers(org, "guarantee.claims:read"))
            for org in (BANK, "bank-ganyu")
        ]

        assert drawn.headers["content-type"] == "image/svg+xml"
        for leg in claim["legs"]:
            figures = (
                f'data-party="{leg["party"]}" data-stage="bears" data-fen="{leg["amount_fen"]}"'
            )
            assert figures in drawn.text
        assert hidden.status_code == 404
        assert hidden.json()["code"] == "claim-not-found"

    async def test_counts_each_case_for_the_next_one(self, claims: Claims) -> None:
        await claims.approved(await claims.bad_loan())

        second = await claims.approved(await claims.bad_loan())

        split = await claims.split(second["claim_id"])
        assert split["inputs"]["counters"]["claims_paid_this_year_fen"] == 333_333_333

    async def test_needs_the_years_opening_where_the_pack_has_a_cap(self, claims: Claims) -> None:
        claim = await claims.file(
            await claims.bad_loan(programme="sip-yuankedai"),
        )
        await claims.verify(claim["claim_id"])

        answer = await claims.approve(claim["claim_id"])

        assert_refused(answer, 409, "year-not-opened")
        assert (await claims.read(claim["claim_id"]))["state"] == "verified"

    async def test_needs_the_version_that_it_changes(self, claims: Claims) -> None:
        claim_id = (await claims.file(await claims.bad_loan()))["claim_id"]
        path, scopes = f"/v1/claims/{claim_id}/verify", ("guarantee.claims:verify",)

        without = await claims.scheme.post(path, {}, org=GUARANTOR, scopes=scopes)
        stale = await claims.scheme.post(path, {}, org=GUARANTOR, scopes=scopes, If_Match='"9"')
        unscoped = await claims.scheme.post(path, {}, org=GUARANTOR, scopes=(), If_Match='"1"')

        assert_refused(without, 428, "precondition-required")
        assert_refused(stale, 412, "stale-version")
        assert_refused(unscoped, 403, "missing-scope")

    async def test_may_be_a_rejection_that_says_why(self, claims: Claims) -> None:
        claim_id = (await claims.file(await claims.bad_loan()))["claim_id"]

        rejected = await claims.reject(claim_id)
        again = await claims.verify(claim_id)

        assert rejected.json()["state"] == "rejected"
        assert rejected.json()["rejection_reason"] == "材料不实"
        assert_refused(again, 409, "claim-state")

    async def test_is_made_on_what_the_loan_is_by_then(self, claims: Claims) -> None:
        guarantee_id = await claims.bad_loan()
        claim = await claims.file(guarantee_id)
        await claims.verify(claim["claim_id"])
        loan_id = UUID(claim["loan_id"])
        repaid = a_classification(loan_id, principal_outstanding_fen=100_000_000)
        cured = a_classification(
            loan_id, principal_outstanding_fen=100_000_000, classification="normal"
        )

        await claims.scheme.service.deliver(repaid)
        too_much = await claims.approve(claim["claim_id"])
        await claims.scheme.service.deliver(cured)
        no_loss = await claims.approve(claim["claim_id"])

        assert_refused(too_much, 409, "claim-outdated", field="/principal_outstanding_fen")
        [figure] = too_much.json()["violations"]
        assert (figure["limit"], figure["actual"]) == (100_000_000, 333_333_333)
        assert_refused(no_loss, 409, "claim-outdated", field="/guarantee_id")
        assert (await claims.read(claim["claim_id"]))["state"] == "verified"
        assert (await claims.scheme.read(f"/v1/funds/{NFGF}"))["reserved_fen"] == 0

    async def test_of_an_outdated_claim_gives_way_to_a_new_one_in_time(
        self, claims: Claims, clock: ManualClock
    ) -> None:
        guarantee_id = await claims.bad_loan(matures_on=TODAY)
        claim = await claims.file(guarantee_id)
        await claims.verify(claim["claim_id"])
        repaid = a_classification(UUID(claim["loan_id"]), principal_outstanding_fen=100_000_000)
        await claims.scheme.service.deliver(repaid)
        clock.advance(days=365)
        assert (await claims.scheme.opening("nfgf-scitech", 1_000_000_000, year=2027)).is_success

        rejected = await claims.reject(claim["claim_id"])
        approved = await claims.approved(guarantee_id, principal_outstanding_fen=100_000_000)

        assert rejected.status_code == 200, rejected.text
        assert approved["eligible_loss_fen"] == 100_000_000


class TestApprovalLimit:
    async def test_leaves_large_losses_to_who_holds_the_larger_right(self, claims: Claims) -> None:
        limited = {**SCITECH, "programme": "limited", "approval_limit_fen": 333_333_332}
        await claims.scheme.programme(limited)
        await claims.scheme.opening("limited", 20_000_000_000)
        claim = await claims.file(await claims.bad_loan(programme="limited"))
        await claims.verify(claim["claim_id"])

        refused = await claims.approve(claim["claim_id"])
        large = ("guarantee.claims:approve", "guarantee.claims:approve-large")
        current = await claims.read(claim["claim_id"])
        approved = await claims.scheme.post(
            f"/v1/claims/{claim['claim_id']}/approve",
            {},
            org=GUARANTOR,
            scopes=large,
            sub=CHECKER,
            If_Match=f'"{current["version"]}"',
        )

        assert_refused(refused, 403, "approval-above-limit")
        assert refused.json()["violations"][0]["limit"] == 333_333_332
        assert approved.json()["state"] == "approved"
        shown = await claims.scheme.read("/v1/programmes/limited")
        assert shown["approval_limit_fen"] == 333_333_332


class TestPayment:
    async def test_settles_the_claim_with_the_last_leg(self, claims: Claims) -> None:
        claim = await claims.settled(await claims.bad_loan())

        assert claim["state"] == "settled"
        assert claim["settled_on"] == "2026-03-02"
        published = [received.data for received in await claims.scheme.service.published()]
        debits = [each.amount_fen for each in published if isinstance(each, FundDebited)]
        assert debits == [THIRDS["nfgf"]]
        settled = [each for each in published if isinstance(each, ClaimSettled)]
        assert [each.eligible_loss_fen for each in settled] == [333_333_333]
        fund = await claims.scheme.read(f"/v1/funds/{NFGF}")
        assert fund["cash_fen"] == 10_000_000_000 - THIRDS["nfgf"]
        assert fund["reserved_fen"] == 0

    async def test_is_made_by_who_owes_it_once(self, claims: Claims) -> None:
        claim_id = (await claims.approved(await claims.bad_loan()))["claim_id"]

        foreign = await claims.pay(claim_id, "nfgf", org=GUARANTOR)
        unknown = await claims.pay(claim_id, "pool", org=GUARANTOR)
        first = await claims.pay(claim_id, "guarantor", org=GUARANTOR)
        second = await claims.pay(claim_id, "guarantor", org=GUARANTOR)
        future = await claims.pay(claim_id, "bank", org=BANK, paid_on="2026-03-03")

        assert_refused(foreign, 403, "not-the-debtor")
        assert_refused(unknown, 404, "leg-not-found")
        assert first.status_code == 200, first.text
        assert_refused(second, 409, "leg-not-due")
        assert_refused(future, 409, "payment-date-invalid", field="/paid_on")

    async def test_waits_for_the_approval(self, claims: Claims) -> None:
        claim_id = (await claims.file(await claims.bad_loan()))["claim_id"]

        assert_refused(await claims.pay(claim_id, "bank", org=BANK), 409, "claim-state")


class TestClose:
    async def test_ends_the_claim_and_its_guarantee(self, claims: Claims) -> None:
        guarantee_id = await claims.bad_loan()
        claim_id = (await claims.settled(guarantee_id))["claim_id"]

        closed = await claims.close(claim_id)

        assert closed.json()["state"] == "closed", closed.text
        guarantee = await claims.scheme.read(f"/v1/guarantees/{guarantee_id}")
        assert guarantee["state"] == "closed"
        assert (await claims.scheme.read(f"/v1/funds/{NFGF}"))["committed_fen"] == 0
        types = await claims.scheme.service.published_types()
        assert "guarantee.claim.closed.v1" in types
        assert "guarantee.guarantee.closed.v1" in types

    async def test_waits_for_every_leg(self, claims: Claims) -> None:
        claim_id = (await claims.approved(await claims.bad_loan()))["claim_id"]

        assert_refused(await claims.close(claim_id), 409, "claim-state")


class TestReading:
    async def test_shows_a_claim_to_its_parties_alone(self, claims: Claims) -> None:
        claim_id = (await claims.file(await claims.bad_loan()))["claim_id"]
        service = claims.scheme.service

        seen = {
            org: (
                await service.client.get(
                    f"/v1/claims/{claim_id}", headers=service.headers(org, "guarantee.claims:read")
                )
            ).status_code
            for org in (BANK, GUARANTOR, NFGF, PROVINCE, "bank-ganyu", "fund-lyg")
        }

        assert seen == {
            BANK: 200,
            GUARANTOR: 200,
            NFGF: 200,
            PROVINCE: 200,
            "bank-ganyu": 404,
            "fund-lyg": 404,
        }

    async def test_lists_claims_of_a_guarantee_in_pages(self, claims: Claims) -> None:
        guarantee_id = await claims.bad_loan()
        first = await claims.file(guarantee_id)
        await claims.reject(first["claim_id"])
        second = await claims.file(guarantee_id)
        scopes = ("guarantee.claims:read",)
        path = f"/v1/claims?guarantee_id={guarantee_id}&limit=1"

        page = await claims.scheme.read(path, org=BANK, scopes=scopes)
        rest = await claims.scheme.read(f"{path}&after={page['next']}", org=BANK, scopes=scopes)

        listed = [item["claim_id"] for item in (*page["items"], *rest["items"])]
        assert listed == [first["claim_id"], second["claim_id"]]
        assert rest["next"] is None

    async def test_has_no_split_before_the_approval(self, claims: Claims) -> None:
        claim_id = (await claims.file(await claims.bad_loan()))["claim_id"]
        service = claims.scheme.service

        answer = await service.client.get(
            f"/v1/claims/{claim_id}/split", headers=service.headers(BANK, "guarantee.claims:read")
        )

        assert_refused(answer, 404, "split-not-found")


class TestLateness:
    async def test_marks_a_stage_that_lasted_too_long_and_changes_nothing_else(
        self, claims: Claims, clock: ManualClock
    ) -> None:
        claim_id = (await claims.file(await claims.bad_loan()))["claim_id"]
        service = claims.scheme.service
        async with service.database.read() as work:
            due = await work.fetchval(
                "SELECT not_before FROM outbox_scheduled WHERE type = $1", ClaimDeadlineReached.TYPE
            )

        assert due == clock() + timedelta(days=10)
        clock.advance(days=10)
        timer = ClaimDeadlineReached(claim_id=claim_id, stage="filed")
        await service.deliver_record(service.record(timer, sequence=None))
        late = await claims.read(claim_id)
        verified = await claims.verify(claim_id)

        assert late["late_stages"] == ["filed"]
        assert late["state"] == "filed"
        assert verified.json()["late_stages"] == ["filed"]
