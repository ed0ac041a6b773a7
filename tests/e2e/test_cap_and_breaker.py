"""A portfolio's losses reach the pool's cap and trip the breaker; old claims still pay."""

import pytest

from deploy.local.journeys import cap_and_breaker
from deploy.local.journeys.stage import BANK, FIRM, GUARANTOR, YUANKEDAI, Stage
from deploy.local.services import Surroundings
from tests.e2e.leftovers import assert_nothing_left

pytestmark = pytest.mark.e2e


class TestCapAndBreaker:
    async def test_ends_as_it_must(self, stage: Stage, around: Surroundings) -> None:
        await cap_and_breaker.play(stage)

        await assert_nothing_left(around)
        await self._refuses_at_the_bank_too(stage)

    @staticmethod
    async def _refuses_at_the_bank_too(stage: Stage) -> None:
        """Credit has heard of the breaker: a new enrolment request is answered 409 with why."""
        loan = await stage.city.post(
            "credit:/v1/loans",
            by=BANK,
            body={
                "uscc": FIRM,
                "bank_reference": "HZ-2026-0002",
                "amount_fen": 10_000_000,
                "rate_ppm": 34_500,
                "tenor_months": 12,
                "signed_on": str(stage.today),
            },
        )
        answer = await stage.city.send(
            "POST",
            f"credit:/v1/loans/{loan['loan_id']}/enrolment",
            by=BANK,
            body={"programme": YUANKEDAI, "guarantor": GUARANTOR},
            if_match=loan["version"],
        )

        assert answer.status_code == 409
        assert answer.json()["code"] == "programme-suspended"
