"""Guarantees that end without a claim: why, and that what they held is free again, once."""

from datetime import date, timedelta
from typing import Any

import pytest

from shared.calendar import add_months, national
from shared.clock import start_of
from shared.events.credit import EnrolmentRequested, LoanSettled, LoanWithdrawn
from shared.events.guarantee import ClaimRejected, GuaranteePeriodEnded, GuaranteeReleased
from shared.messaging.apply import Outcome
from shared.messaging.records import Record
from tests.conftest import ServiceFactory
from tests.support.bad_input import assert_refused
from tests.support.claims import Claims, a_classification, a_filing
from tests.support.guarantees import (
    BANK,
    GUARANTOR,
    NFGF,
    TODAY,
    Scheme,
    a_drawdown,
    a_request,
    a_scheme,
)

pytestmark = pytest.mark.component

A_DAY = timedelta(days=1)
HELD = (400_000_000, 140_000_000)
"""What one loan of 4,000,000 yuan holds of the programme and the fund."""


@pytest.fixture
async def scheme(service_of: ServiceFactory) -> Scheme:
    return await a_scheme(await service_of("guarantee"))


async def held(scheme: Scheme) -> tuple[int, int]:
    """What the programme has enrolled and the fund committed, in fen."""
    programme = await scheme.read("/v1/programmes/nfgf-scitech")
    fund = await scheme.read(f"/v1/funds/{NFGF}")
    return programme["enrolled_fen"], fund["committed_fen"]


async def reasons(scheme: Scheme) -> list[str]:
    """The reasons of the releases that were published."""
    published = [received.data for received in await scheme.service.published()]
    return [event.reason for event in published if isinstance(event, GuaranteeReleased)]


async def hear_of_rejections(scheme: Scheme) -> None:
    """Let the service consume its own events of rejected claims."""
    for received in await scheme.service.published():
        if isinstance(received.data, ClaimRejected):
            filed = received.data.claim_id
            await scheme.service.deliver(
                *(
                    earlier.data
                    for earlier in await scheme.service.published()
                    if earlier.subject == str(filed)
                )
            )


class TestDrawdown:
    async def test_before_the_letter_releases_it_and_both_sides_see_why(
        self, scheme: Scheme
    ) -> None:
        request = a_request()
        await scheme.service.deliver(request)
        assert await held(scheme) == (400_000_000, 140_000_000)

        early = a_drawdown(request, disbursed_on=TODAY - A_DAY)
        outcomes = await scheme.service.deliver(early)

        assert outcomes == [Outcome.APPLIED]
        path = f"/v1/guarantees?loan_id={request.loan_id}"
        scopes = ("guarantee.guarantees:read",)
        for org in (BANK, GUARANTOR):
            seen: list[Any] = (await scheme.read(path, org=org, scopes=scopes))["items"]
            assert [g["state"] for g in seen] == ["released"]
            assert seen[0]["release_reason"] == "drawn_before_letter"
            assert (seen[0]["effective_on"], seen[0]["released_on"]) == (None, str(TODAY))
        assert await reasons(scheme) == ["drawn_before_letter"]
        assert await held(scheme) == (0, 0)

    async def test_outside_the_programme_releases_the_letter(self, scheme: Scheme) -> None:
        request = a_request()
        await scheme.service.deliver(request)

        await scheme.service.deliver(a_drawdown(request, programme=None))

        guarantee = await scheme.guarantee_of(request.loan_id)
        assert (guarantee["state"], guarantee["release_reason"]) == (
            "released",
            "drawn_without_enrolment",
        )
        assert await held(scheme) == (0, 0)


async def in_force(scheme: Scheme, **drawn: object) -> EnrolmentRequested:
    """Enrol and draw a loan that matures on 2027-03-02; return its request."""
    request = a_request()
    await scheme.service.deliver(request, a_drawdown(request, **drawn))
    assert await held(scheme) == HELD
    return request


def settled(request: EnrolmentRequested) -> LoanSettled:
    return LoanSettled(
        loan_id=request.loan_id, uscc=request.uscc, bank=request.bank, settled_on=TODAY
    )


async def standing(scheme: Scheme, request: EnrolmentRequested) -> tuple[str, str | None]:
    """The guarantee's state and why it was released."""
    guarantee = await scheme.guarantee_of(request.loan_id)
    return guarantee["state"], guarantee["release_reason"]


class TestLoanEnds:
    async def test_by_repayment_and_frees_quota_and_commitment_once(self, scheme: Scheme) -> None:
        request, other = await in_force(scheme), a_request()
        await scheme.service.deliver(other)

        outcomes = await scheme.service.deliver(settled(request), settled(request))

        assert outcomes == [Outcome.APPLIED, Outcome.APPLIED]
        assert await standing(scheme, request) == ("released", "settled")
        assert await reasons(scheme) == ["settled"]
        assert await held(scheme) == HELD

    async def test_by_withdrawal_of_a_letter(self, scheme: Scheme) -> None:
        request = a_request()
        withdrawn = LoanWithdrawn(
            loan_id=request.loan_id, uscc=request.uscc, bank=request.bank, withdrawn_on=TODAY
        )

        await scheme.service.deliver(request, withdrawn, withdrawn)

        assert await standing(scheme, request) == ("released", "withdrawn")
        assert await reasons(scheme) == ["withdrawn"]
        assert await held(scheme) == (0, 0)

    async def test_of_a_loan_without_a_letter_changes_nothing(self, scheme: Scheme) -> None:
        stranger = a_request()

        assert await scheme.service.deliver(settled(stranger)) == [Outcome.APPLIED]
        assert await reasons(scheme) == []

    async def test_while_a_claim_is_open_and_releases_when_it_is_rejected(
        self, scheme: Scheme
    ) -> None:
        claims = Claims(scheme)
        request = await in_force(scheme)
        await scheme.service.deliver(a_classification(request.loan_id))
        guarantee = await scheme.guarantee_of(request.loan_id)
        claim = await claims.file(guarantee["guarantee_id"])

        await scheme.service.deliver(settled(request))
        assert await standing(scheme, request) == ("effective", None)
        assert await held(scheme) == HELD
        rejected = await claims.reject(claim["claim_id"])
        assert rejected.status_code == 200, rejected.text
        await hear_of_rejections(scheme)

        assert await standing(scheme, request) == ("released", "settled")
        assert await held(scheme) == (0, 0)
        refiled = await claims.try_file(a_filing(guarantee["guarantee_id"]))
        assert_refused(refiled, 409, "claim-refused", field="/guarantee_id")

    async def test_after_the_rejection_of_its_claim(self, scheme: Scheme) -> None:
        claims = Claims(scheme)
        request = await in_force(scheme)
        await scheme.service.deliver(a_classification(request.loan_id))
        guarantee = await scheme.guarantee_of(request.loan_id)
        claim = await claims.file(guarantee["guarantee_id"])
        await claims.reject(claim["claim_id"])
        await hear_of_rejections(scheme)
        assert await standing(scheme, request) == ("effective", None)

        await scheme.service.deliver(settled(request))

        assert await standing(scheme, request) == ("released", "settled")

    async def test_after_compensation_and_changes_nothing(self, scheme: Scheme) -> None:
        claims = Claims(scheme)
        await scheme.opening("nfgf-scitech", 10_000_000_000_000)
        request = await in_force(scheme)
        await scheme.service.deliver(a_classification(request.loan_id))
        guarantee = await scheme.guarantee_of(request.loan_id)
        claim = await claims.settled(guarantee["guarantee_id"])

        await scheme.service.deliver(settled(request))
        closed = await claims.close(claim["claim_id"])

        assert closed.status_code == 200, closed.text
        assert await standing(scheme, request) == ("closed", None)
        assert await reasons(scheme) == []
        assert (await held(scheme))[0] == 0


class TestPeriodEnds:
    MATURES = date(2026, 4, 2)
    LAST = date(2026, 10, 2)
    """A holiday: the period lasts to the first working day after it."""
    WORKED = date(2026, 10, 8)

    async def timer(self, scheme: Scheme, *, on: date = LAST + A_DAY) -> Record:
        """The record of the newest timer that is set, and when it leaves."""
        async with scheme.service.database.read() as work:
            row = await work.fetchrow(
                "SELECT subject, not_before FROM outbox_scheduled WHERE type = $1 "
                "ORDER BY not_before DESC LIMIT 1",
                GuaranteePeriodEnded.TYPE,
            )
        assert row is not None
        assert row["not_before"] == start_of(on)
        event = GuaranteePeriodEnded(guarantee_id=row["subject"])
        return scheme.service.record(event, sequence=None)

    async def test_and_releases_the_day_after_its_last_and_once(self, scheme: Scheme) -> None:
        request = await in_force(scheme, matures_on=self.MATURES)
        timer = await self.timer(scheme)

        scheme.service.clock.advance(days=(self.WORKED - TODAY).days)
        await scheme.service.deliver_record(timer)
        on_the_last_day = await standing(scheme, request)
        scheme.service.clock.advance(days=1)
        again = [await self.timer(scheme, on=self.WORKED + A_DAY) for _ in range(2)]
        outcomes = [await scheme.service.deliver_record(record) for record in again]

        assert on_the_last_day == ("effective", None)
        assert outcomes == [Outcome.APPLIED, Outcome.APPLIED]
        assert await standing(scheme, request) == ("released", "expired")
        assert await reasons(scheme) == ["expired"]
        assert await held(scheme) == (0, 0)

    async def test_and_keeps_the_guarantee_while_nobody_knows_the_holidays(
        self, scheme: Scheme
    ) -> None:
        last = add_months(national().ends, 6)
        request = await in_force(scheme, matures_on=national().ends)
        timer = await self.timer(scheme, on=last + A_DAY)

        scheme.service.clock.advance(days=(last + A_DAY - TODAY).days)
        outcome = await scheme.service.deliver_record(timer)

        assert outcome is Outcome.APPLIED
        assert await standing(scheme, request) == ("effective", None)
        await self.timer(scheme, on=last + A_DAY + A_DAY)

    async def test_and_changes_nothing_once_a_claim_was_filed(self, scheme: Scheme) -> None:
        claims = Claims(scheme)
        request = await in_force(scheme, matures_on=self.MATURES)
        await scheme.service.deliver(a_classification(request.loan_id))
        guarantee = await scheme.guarantee_of(request.loan_id)
        claim = await claims.file(guarantee["guarantee_id"])
        scheme.service.clock.advance(days=(self.WORKED - TODAY).days + 1)
        timer = await self.timer(scheme)

        await scheme.service.deliver_record(timer)
        while_open = await standing(scheme, request)
        await claims.reject(claim["claim_id"])
        await hear_of_rejections(scheme)

        assert while_open == ("effective", None)
        assert await standing(scheme, request) == ("effective", None)
