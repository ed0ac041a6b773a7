"""A loan from demand to closure over REST and events, on a real database."""

from typing import Any
from uuid import UUID

import pytest

from services.credit.portfolios.rules import MOST_ROWS
from shared.events.credit import EnrolmentDeadlineReached, LoanDisbursed
from shared.events.guarantee import (
    BreakerTripped,
    ClaimClosed,
    ClaimSettled,
    GuaranteeDeclined,
)
from shared.events.registry import (
    ConsentRevoked,
)
from shared.messaging.apply import Outcome
from tests.component.credit.bank import (
    BANK_SCOPES,
    CLAIM,
    CONTRACT,
    GUARANTEE,
    PORTAL_SCOPES,
    USCC,
    drawn,
    letter,
    loan_of,
    remind,
    requested,
    send,
)
from tests.support.bad_input import assert_refused
from tests.support.clocks import ManualClock
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component


class TestDemand:
    async def test_gets_offers_from_banks_with_consent_and_one_is_accepted(
        self, credit: ServiceUnderTest
    ) -> None:
        demand = {"uscc": USCC, "amount_fen": 400_000_000, "tenor_months": 12, "purpose": "研发"}
        made = await send(credit, "/v1/demands", demand, org="portal", scopes=PORTAL_SCOPES)
        path = f"/v1/demands/{made.json()['demand_id']}"
        offer = {"amount_fen": 400_000_000, "rate_ppm": 38_000, "tenor_months": 12}

        offered = await send(credit, f"{path}/offers", offer)
        without = await send(credit, f"{path}/offers", offer, org="bank-ganyu")
        again = await send(credit, f"{path}/offers", offer)
        offer_id = offered.json()["offers"][0]["offer_id"]
        accepted = await send(
            credit,
            f"{path}/offers/{offer_id}/accept",
            {},
            org="portal",
            scopes=PORTAL_SCOPES,
            version=2,
        )
        contract = {**CONTRACT, "uscc": None, "demand_id": made.json()["demand_id"]}
        dearer = await send(credit, "/v1/loans", {**contract, "rate_ppm": 38_001})
        contracted = await send(credit, "/v1/loans", contract)

        assert_refused(without, 404, "not-found")
        assert_refused(again, 409, "offer-exists")
        assert accepted.json()["state"] == "accepted"
        assert_refused(dearer, 409, "terms-above-offer", field="/rate_ppm")
        assert contracted.json()["uscc"] == USCC
        assert await credit.published_types() == [
            "credit.demand.submitted.v1",
            "credit.demand.offer_made.v1",
            "credit.demand.offer_accepted.v1",
            "credit.loan.contracted.v1",
        ]

    async def test_is_hidden_from_a_bank_once_the_consent_is_revoked(
        self, credit: ServiceUnderTest
    ) -> None:
        demand = {"uscc": USCC, "amount_fen": 1, "tenor_months": 1, "purpose": "x"}
        await send(credit, "/v1/demands", demand, org="portal", scopes=PORTAL_SCOPES)
        headers = credit.headers("bank-haizhou", *BANK_SCOPES)
        before = (await credit.client.get("/v1/demands", headers=headers)).json()

        revoked = ConsentRevoked.example().model_copy(update={"revoked_on": credit.clock().date()})
        await credit.deliver(revoked)
        after = (await credit.client.get("/v1/demands", headers=headers)).json()

        assert [len(before["items"]), len(after["items"])] == [1, 0]


class TestGuaranteedLoan:
    async def test_is_enrolled_drawn_compensated_and_closed(
        self, credit: ServiceUnderTest, clock: ManualClock
    ) -> None:
        loan_id = await drawn(credit)
        clock.advance(days=120)
        overdue = {
            "overdue_since": "2026-03-22",
            "principal_outstanding_fen": 333_333_333,
            "reported_on": "2026-06-30",
        }
        await send(credit, f"/v1/loans/{loan_id}/overdue", overdue, version=4)
        classed = {
            "classification": "special_mention",
            "principal_outstanding_fen": 333_333_333,
            "classified_on": "2026-06-30",
        }
        mild = await send(credit, f"/v1/loans/{loan_id}/classification", classed, version=5)
        right = {**classed, "classification": "substandard"}
        await send(credit, f"/v1/loans/{loan_id}/classification", right, version=5)
        settled = ClaimSettled.example().model_copy(
            update={"claim_id": CLAIM, "loan_id": UUID(loan_id)}
        )
        closed = ClaimClosed.example().model_copy(
            update={"claim_id": CLAIM, "loan_id": UUID(loan_id)}
        )
        await credit.deliver(settled, closed)

        assert_refused(mild, 409, "classification-too-mild", field="/classification")
        final = await loan_of(credit, loan_id)
        assert final["state"] == "closed"
        assert final["compensated_fen"] == 333_333_333
        of_loan = [r for r in await credit.published() if r.subject == loan_id]
        assert [r.sequence for r in of_loan if r.sequence] == list(range(1, 9))

    async def test_keeps_its_newest_class(self, credit: ServiceUnderTest) -> None:
        loan_id = await drawn(credit)
        credit.clock.advance(days=30)
        newest = {
            "classification": "loss",
            "principal_outstanding_fen": 400_000_000,
            "classified_on": "2026-03-25",
        }
        await send(credit, f"/v1/loans/{loan_id}/classification", newest, version=4)
        older = {**newest, "classification": "normal", "classified_on": "2026-03-24"}

        answer = await send(credit, f"/v1/loans/{loan_id}/classification", older, version=5)

        assert_refused(answer, 409, "loan-date-invalid", field="/classified_on")
        loan = await loan_of(credit, loan_id)
        assert (loan["classification"], loan["reported_on"]) == ("loss", "2026-03-25")

    async def test_is_not_drawn_before_the_letter(self, credit: ServiceUnderTest) -> None:
        loan_id = await requested(credit)

        answer = await send(
            credit, f"/v1/loans/{loan_id}/drawdown", {"disbursed_on": "2026-03-02"}, version=2
        )

        assert_refused(answer, 409, "loan-state")

    async def test_is_not_drawn_on_a_day_before_the_letters(self, credit: ServiceUnderTest) -> None:
        made = (await send(credit, "/v1/loans", {**CONTRACT, "signed_on": "2026-02-20"})).json()
        path = f"/v1/loans/{made['loan_id']}"
        body = {"programme": "nfgf-scitech", "guarantor": "guarantor-ges"}
        await send(credit, f"{path}/enrolment", body, version=1)
        await credit.deliver(letter(made["loan_id"]))

        early = await send(credit, f"{path}/drawdown", {"disbursed_on": "2026-03-01"}, version=3)
        many = {"loan_ids": [made["loan_id"]], "disbursed_on": "2026-03-01"}
        early_too = await send(credit, "/v1/portfolios/drawdowns", many)
        right = await send(credit, f"{path}/drawdown", {"disbursed_on": "2026-03-02"}, version=3)

        assert_refused(early, 409, "loan-date-invalid", field="/disbursed_on")
        assert early_too.json()["rows"][0]["reasons"][0]["field"] == "/disbursed_on"
        assert right.json()["enrolled_on"] == right.json()["disbursed_on"] == "2026-03-02"

    async def test_is_refused_by_silence_and_enrolled_by_the_late_letter(
        self, credit: ServiceUnderTest, clock: ManualClock
    ) -> None:
        loan_id = await requested(credit)
        async with credit.database.read() as work:
            row = await work.fetchrow("SELECT not_before, type FROM outbox_scheduled")
        assert row is not None
        assert row["type"] == EnrolmentDeadlineReached.TYPE
        clock.advance(days=4)
        await remind(credit, loan_id)
        early = await loan_of(credit, loan_id)
        clock.advance(days=2)
        await remind(credit, loan_id)
        silent = await loan_of(credit, loan_id)

        await credit.deliver(letter(loan_id))

        assert early["state"] == "enrolment_requested"
        assert (silent["state"], silent["refusal_codes"]) == (
            "enrolment_refused",
            ["enrolment-timeout"],
        )
        final = await loan_of(credit, loan_id)
        assert (final["state"], final["guarantee_id"]) == ("enrolled", str(GUARANTEE))
        answer = await send(
            credit, f"/v1/loans/{loan_id}/drawdown", {"disbursed_on": "2026-03-08"}, version=4
        )
        assert answer.json()["programme"] == "nfgf-scitech"

    async def test_takes_the_letter_of_the_first_programme_while_another_is_asked(
        self, credit: ServiceUnderTest, clock: ManualClock
    ) -> None:
        loan_id = await requested(credit)
        clock.advance(days=6)
        await remind(credit, loan_id)
        body = {"programme": "sip-yuankedai", "guarantor": "guarantor-ges"}
        await send(credit, f"/v1/loans/{loan_id}/enrolment", body, version=3)

        await credit.deliver(letter(loan_id, "nfgf-scitech"))
        covered = GuaranteeDeclined.example().model_copy(
            update={
                "guarantee_id": UUID(int=9),
                "loan_id": UUID(loan_id),
                "programme": "sip-yuankedai",
                "refusal_codes": ("loan-already-covered",),
            }
        )
        assert await credit.deliver(covered) == [Outcome.APPLIED]

        loan = await loan_of(credit, loan_id)
        assert (loan["state"], loan["programme"]) == ("enrolled", "nfgf-scitech")

    async def test_may_be_drawn_without_enrolment_once_refused_whatever_comes_later(
        self, credit: ServiceUnderTest, clock: ManualClock
    ) -> None:
        loan_id = await requested(credit)
        clock.advance(days=6)
        await remind(credit, loan_id)

        answer = await send(
            credit, f"/v1/loans/{loan_id}/drawdown", {"disbursed_on": "2026-03-08"}, version=3
        )
        late = await credit.deliver(letter(loan_id))

        assert (answer.status_code, answer.json()["programme"]) == (200, None)
        assert late == [Outcome.APPLIED]
        assert (await loan_of(credit, loan_id))["state"] == "drawn"
        [drawdown] = [
            received.data
            for received in await credit.published()
            if isinstance(received.data, LoanDisbursed)
        ]
        assert drawdown.programme is None

    async def test_is_refused_at_once_where_the_breaker_is_out(
        self, credit: ServiceUnderTest
    ) -> None:
        tripped = BreakerTripped.example().model_copy(
            update={
                "programme": "nfgf-scitech",
                "numerator_fen": 800_000_000,
                "base_fen": 8_000_000_000,
                "threshold_ppm": 100_000,
            }
        )
        await credit.deliver(tripped)
        made = (await send(credit, "/v1/loans", CONTRACT)).json()
        body = {"programme": "nfgf-scitech", "guarantor": "guarantor-ges"}

        answer = await send(credit, f"/v1/loans/{made['loan_id']}/enrolment", body, version=1)

        assert_refused(answer, 409, "programme-suspended", field="/programme")

    async def test_belongs_to_its_bank(self, credit: ServiceUnderTest) -> None:
        made = (await send(credit, "/v1/loans", CONTRACT)).json()
        headers = credit.headers("bank-ganyu", *BANK_SCOPES)

        read = await credit.client.get(f"/v1/loans/{made['loan_id']}", headers=headers)
        change = await send(
            credit,
            f"/v1/loans/{made['loan_id']}/drawdown",
            {"disbursed_on": "2026-03-02"},
            org="bank-ganyu",
            version=1,
        )

        assert_refused(read, 404, "not-found")
        assert_refused(change, 404, "not-found")


class TestContract:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("uscc", "91320706MA1N00018M"),
            ("bank_reference", ""),
            ("bank_reference", "x" * 101),
            ("amount_fen", 0),
            ("amount_fen", 1.5),
            ("amount_fen", "1"),
            ("amount_fen", True),
            ("amount_fen", 10**16),
            ("rate_ppm", -1),
            ("rate_ppm", 1_000_001),
            ("tenor_months", 0),
            ("tenor_months", 601),
            ("signed_on", "2026-2-30"),
            ("signed_on", 7),
        ],
    )
    async def test_names_each_malformed_field(
        self, credit: ServiceUnderTest, field: str, value: object
    ) -> None:
        answer = await send(credit, "/v1/loans", {**CONTRACT, field: value})

        assert_refused(answer, 422, "malformed", field=f"/{field}")

    @pytest.mark.parametrize(
        "changes", [{"uscc": None}, {"demand_id": str(CLAIM)}], ids=["neither", "both"]
    )
    async def test_needs_a_demand_or_a_firm(
        self, credit: ServiceUnderTest, changes: dict[str, object]
    ) -> None:
        answer = await send(credit, "/v1/loans", {**CONTRACT, **changes})

        assert answer.status_code == 422

    async def test_refuses_a_future_signature_a_stranger_and_a_used_reference(
        self, credit: ServiceUnderTest
    ) -> None:
        future = await send(credit, "/v1/loans", {**CONTRACT, "signed_on": "2026-03-03"})
        stranger = await send(credit, "/v1/loans", {**CONTRACT, "uscc": "91320706MAD123457P"})
        await send(credit, "/v1/loans", CONTRACT)
        used = await send(credit, "/v1/loans", CONTRACT)
        not_bank = await send(credit, "/v1/loans", CONTRACT, org="guarantor-ges")

        assert_refused(future, 409, "loan-date-invalid", field="/signed_on")
        assert_refused(stranger, 409, "enterprise-unknown", field="/uscc")
        assert_refused(used, 409, "bank-reference-taken")
        assert_refused(not_bank, 403, "not-a-bank")


class TestPortfolio:
    HEADER = "reference,uscc,amount_yuan,rate_percent,tenor_months,signed_on\n"
    PATH = "/v1/portfolios?programme=sip-yuankedai&guarantor=guarantor-ges"

    async def upload(self, credit: ServiceUnderTest, content: bytes) -> dict[str, Any]:
        """Send a file as a bank."""
        headers = credit.headers("bank-haizhou", *BANK_SCOPES)
        headers["Content-Type"] = "text/csv"
        answer = await credit.client.post(self.PATH, content=content, headers=headers)
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    async def test_takes_good_rows_and_answers_for_bad_ones(self, credit: ServiceUnderTest) -> None:
        good = "".join(f"R{n},{USCC},130000.05,3.45,12,2025-12-16\n" for n in range(500))
        bad = (
            f"R0,{USCC},1,1,1,2025-12-16\n"
            f"B1,{USCC},1.005,3.45,12,2025-12-16\n"
            f"B2,{USCC},0,3.45,12,2025-12-16\n"
            f"B3,{USCC},1,3.45555,12,2025-12-16\n"
            f"B4,{USCC},1,3.45,0,2025-12-16\n"
            f"B5,{USCC},1,3.45,12,2027-12-16\n"
            "B6,91320706MA1N00018M,1,3.45,12,2025-12-16\n"
            "B7,91320706MAD123457P,1,3.45,12,2025-12-16\n"
            f",{USCC},1,3.45,12,2025-12-16\n"
            "B9\n"
        )

        report = await self.upload(credit, (self.HEADER + good + bad).encode())

        assert (report["accepted"], report["rejected"]) == (500, 10)
        wrong = [row["reasons"][0]["field"] for row in report["rows"] if not row["accepted"]]
        assert wrong == [
            "reference",
            "amount_yuan",
            "amount_yuan",
            "rate_percent",
            "tenor_months",
            "signed_on",
            "uscc",
            "uscc",
            "reference",
            "",
        ]
        loan = await loan_of(credit, report["rows"][0]["loan_id"])
        assert (loan["amount_fen"], loan["rate_ppm"]) == (13_000_005, 34_500)
        assert loan["state"] == "enrolment_requested"

    async def test_takes_in_the_longest_file_and_refuses_a_longer_one_whole(
        self, credit: ServiceUnderTest
    ) -> None:
        rows = [f"R{n},{USCC},1,1,12,2025-12-16\n" for n in range(MOST_ROWS + 1)]
        headers = {**credit.headers("bank-haizhou", *BANK_SCOPES), "Content-Type": "text/csv"}

        longer = await credit.client.post(
            self.PATH, content=(self.HEADER + "".join(rows)).encode(), headers=headers
        )
        report = await self.upload(credit, (self.HEADER + "".join(rows[1:])).encode())

        assert_refused(longer, 422, "csv-too-many-rows")
        assert [v["limit"] for v in longer.json()["violations"]] == [MOST_ROWS]
        assert report["accepted"] == MOST_ROWS == 3_000

    async def test_waits_for_each_answer_as_a_single_request_does(
        self, credit: ServiceUnderTest
    ) -> None:
        alone = await requested(credit)
        path = "/v1/portfolios?programme=nfgf-scitech&guarantor=guarantor-ges"
        headers = {**credit.headers("bank-haizhou", *BANK_SCOPES), "Content-Type": "text/csv"}
        content = f"{self.HEADER}R1,{USCC},1,1,12,2025-12-16\n".encode()
        report = (await credit.client.post(path, content=content, headers=headers)).json()
        together = report["rows"][0]["loan_id"]

        async with credit.database.read() as work:
            single, bulk = [
                await work.fetchrow(
                    "SELECT kind, state - 'loan_id' AS state, ended, version, deadline, "
                    "updated_at, "
                    "(SELECT not_before FROM outbox_scheduled WHERE subject = id) FROM process "
                    "WHERE id = $1 AND state ->> 'loan_id' = id",
                    loan_id,
                )
                for loan_id in (alone, together)
            ]
        assert single == bulk
        assert bulk is not None
        credit.clock.advance(days=6)
        await remind(credit, together)
        assert (await loan_of(credit, together))["state"] == "enrolment_refused"

    async def test_draws_many_and_answers_for_each(self, credit: ServiceUnderTest) -> None:
        rows = "".join(f"R{n},{USCC},1,1,12,2025-12-16\n" for n in range(2))
        report = await self.upload(credit, (self.HEADER + rows).encode())
        ready, waiting = (row["loan_id"] for row in report["rows"])
        await credit.deliver(letter(ready, "sip-yuankedai"))
        body = {"loan_ids": [ready, waiting, str(CLAIM)], "disbursed_on": "2026-03-02"}

        answer = await send(credit, "/v1/portfolios/drawdowns", body)

        codes = [r["reasons"][0]["code"] if r["reasons"] else None for r in answer.json()["rows"]]
        assert codes == [None, "loan-state", "not-found"]
        headers = credit.headers("bank-haizhou", *BANK_SCOPES)
        progress = await credit.client.get(
            "/v1/portfolios/progress?programme=sip-yuankedai", headers=headers
        )
        assert progress.json()["by_state"] == {"drawn": 1, "enrolment_requested": 1}
