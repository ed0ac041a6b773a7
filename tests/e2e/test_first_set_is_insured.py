"""A first-set machine is qualified, co-insured, paid for and subsidised."""

import pytest

from deploy.local.journeys import first_set
from deploy.local.journeys.stage import Stage
from deploy.local.services import Surroundings
from tests.e2e.leftovers import assert_nothing_left

pytestmark = pytest.mark.e2e


class TestFirstSet:
    async def test_ends_as_it_must(self, stage: Stage, around: Surroundings) -> None:
        await first_set.play(stage)

        await assert_nothing_left(around)
