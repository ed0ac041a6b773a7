"""Guarantees that end without a claim: why, and that what they held is free again, once."""

from datetime import timedelta
from typing import Any

import pytest

from shared.events.guarantee import GuaranteeReleased
from shared.messaging.apply import Outcome
from tests.conftest import ServiceFactory
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
