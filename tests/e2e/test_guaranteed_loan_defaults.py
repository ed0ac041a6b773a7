"""A guaranteed loan defaults: from consent to a loss shared to the fen and a recovery."""

import pytest

from deploy.local.journeys import defaulted_loan
from deploy.local.journeys.stage import BANK, Stage
from deploy.local.services import Surroundings
from shared import clock
from tests.e2e.leftovers import assert_nothing_left

pytestmark = pytest.mark.e2e


class TestGuaranteedLoanDefaults:
    async def test_ends_as_it_must_and_leaves_no_event_behind(
        self, stage: Stage, around: Surroundings
    ) -> None:
        began = clock.now()

        await defaulted_loan.play(stage)

        await assert_nothing_left(around)
        types = {seen.type for seen in await stage.wire.since(began)}
        assert types >= {
            "credit.demand.submitted.v1",
            "guarantee.guarantee.letter_issued.v1",
            "guarantee.claim.split_calculated.v1",
            "guarantee.claim.recovery_allocated.v1",
            "credit.loan.closed.v1",
        }
        loans = await stage.city.get("credit:/v1/loans", by=BANK, params={"state": "closed"})
        assert [loan["compensated_fen"] for loan in loans["items"]] == [333_333_333]
