"""What a department may see: its own fields; a bank only with consent, and nothing after it."""

import pytest

from deploy.local.journeys import department_view
from deploy.local.journeys.stage import Stage
from deploy.local.services import Surroundings
from tests.e2e.leftovers import assert_nothing_left

pytestmark = pytest.mark.e2e


class TestDepartmentView:
    async def test_ends_as_it_must(self, stage: Stage, around: Surroundings) -> None:
        await department_view.play(stage)

        await assert_nothing_left(around)
        log = await stage.city.get(
            "notify:/v1/disclosures", by="operator", params={"subscriber": "bank-ganyu"}
        )
        assert log["items"] == []
