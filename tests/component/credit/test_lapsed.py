"""A bank or guarantor whose entry in the directory has ended: nothing new, everything old."""

from datetime import timedelta

import pytest

from tests.component.credit.bank import (
    BANK_SCOPES,
    CONTRACT,
    PORTAL_SCOPES,
    USCC,
    drawn,
    letter,
    loan_of,
    requested,
    send,
)
from tests.support.bad_input import assert_refused
from tests.support.city import an_institution
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

ASK = {"programme": "nfgf-scitech", "guarantor": "guarantor-ges"}
CSV = "reference,uscc,amount_yuan,rate_percent,tenor_months,signed_on\n"


async def lapse(credit: ServiceUnderTest) -> None:
    """Let the bank's entry end today, and a day pass."""
    today = credit.clock().date()
    await credit.deliver(an_institution("bank-haizhou", "bank", valid_to=today))
    credit.clock.advance(days=1)


class TestLapsedBank:
    async def test_neither_offers_nor_contracts_nor_asks(self, credit: ServiceUnderTest) -> None:
        made = (await send(credit, "/v1/loans", CONTRACT)).json()
        demand = {"uscc": USCC, "amount_fen": 1, "tenor_months": 1, "purpose": "x"}
        asked = await send(credit, "/v1/demands", demand, org="portal", scopes=PORTAL_SCOPES)
        await lapse(credit)

        offer = {"amount_fen": 1, "rate_ppm": 1, "tenor_months": 1}
        offered = await send(credit, f"/v1/demands/{asked.json()['demand_id']}/offers", offer)
        contracted = await send(credit, "/v1/loans", {**CONTRACT, "bank_reference": "HZ-2"})
        enrolled = await send(credit, f"/v1/loans/{made['loan_id']}/enrolment", ASK, version=1)
        headers = credit.headers("bank-haizhou", *BANK_SCOPES)
        uploaded = await credit.client.post(
            "/v1/portfolios?programme=nfgf-scitech&guarantor=guarantor-ges",
            content=CSV.encode(),
            headers={**headers, "Content-Type": "text/csv"},
        )

        for answer in (offered, contracted, enrolled, uploaded):
            assert_refused(answer, 403, "not-a-bank")

    async def test_pays_out_on_the_days_of_its_entry_alone(self, credit: ServiceUnderTest) -> None:
        loan_id = await requested(credit)
        await credit.deliver(letter(loan_id))
        credit.clock.advance(days=1)
        await lapse(credit)

        path = f"/v1/loans/{loan_id}/drawdown"
        after = await send(credit, path, {"disbursed_on": "2026-03-03"}, version=3)
        many = {"loan_ids": [loan_id], "disbursed_on": "2026-03-03"}
        after_too = await send(credit, "/v1/portfolios/drawdowns", many)
        before = await send(credit, path, {"disbursed_on": "2026-03-02"}, version=3)

        assert_refused(after, 403, "not-a-bank")
        assert_refused(after_too, 403, "not-a-bank")
        assert before.json()["state"] == "drawn"

    async def test_reports_and_settles_what_it_lent(self, credit: ServiceUnderTest) -> None:
        loan_id = await drawn(credit)
        await lapse(credit)
        path, owed = f"/v1/loans/{loan_id}", {"principal_outstanding_fen": 1}

        overdue = {**owed, "overdue_since": "2026-03-03", "reported_on": "2026-03-03"}
        classed = {**owed, "classification": "loss", "classified_on": "2026-03-03"}
        answers = [
            await send(credit, f"{path}/overdue", overdue, version=4),
            await send(credit, f"{path}/classification", classed, version=5),
            await send(credit, f"{path}/settlement", {"settled_on": "2026-03-03"}, version=6),
        ]

        assert [answer.status_code for answer in answers] == [200, 200, 200]

    async def test_withdraws_what_it_has_not_paid_out(self, credit: ServiceUnderTest) -> None:
        loan_id = await requested(credit)
        await lapse(credit)

        path, body = f"/v1/loans/{loan_id}/withdrawal", {"withdrawn_on": "2026-03-03"}
        answer = await send(credit, path, body, version=2)

        assert answer.json()["state"] == "withdrawn"


class TestEntry:
    @pytest.mark.parametrize(("days", "status"), [(0, 409), (1, 200)])
    async def test_of_a_guarantor_holds_to_the_day_before_its_end(
        self, credit: ServiceUnderTest, days: int, status: int
    ) -> None:
        made = (await send(credit, "/v1/loans", CONTRACT)).json()
        end = credit.clock().date() + timedelta(days=days)
        await credit.deliver(an_institution("guarantor-ges", "guarantor", valid_to=end))

        answer = await send(credit, f"/v1/loans/{made['loan_id']}/enrolment", ASK, version=1)

        assert answer.status_code == status
        if status != 200:
            assert_refused(answer, 409, "guarantor-unknown", field="/guarantor")

    async def test_may_be_renewed(self, credit: ServiceUnderTest) -> None:
        await lapse(credit)
        await credit.deliver(an_institution("bank-haizhou", "bank"))

        loan_id = (await send(credit, "/v1/loans", CONTRACT)).json()["loan_id"]

        assert (await loan_of(credit, loan_id))["state"] == "contracted"
