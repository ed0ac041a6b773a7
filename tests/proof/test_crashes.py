"""A process killed at every point of the kernel's paths: after each, every invariant holds."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.stack import Stack
from tests.proof.scenes import LISTED, POINTS, SCENES, crash_at, differs
from tests.proof.sweep import Sweep, sweep_on
from tests.proof.victims import PATHS
from tests.support.databases import Databases

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("topics")]


@pytest.fixture(scope="module")
async def sweep(databases: Databases, stack: Stack, topics: None) -> AsyncIterator[Sweep]:
    """One town for all crashes."""
    async with sweep_on(databases, stack.bootstrap_servers, run=30) as made:
        yield made


@pytest.mark.timeout(120)
class TestCrash:
    async def test_points_are_all_listed(self, sweep: Sweep) -> None:
        assert SCENES.keys() == PATHS.keys()
        found = []
        for scene in SCENES.values():
            found += await scene(sweep, None)
            await sweep.settle()
            assert await sweep.broken() == []

        new, gone = sorted(set(found) - set(POINTS)), sorted(set(POINTS) - set(found))

        assert (new, gone) == ([], []), f"{LISTED.name} needs {new} and not {gone}"
        assert len(POINTS) == len(set(POINTS)) >= 30

    @pytest.mark.parametrize("point", [point for point in POINTS if differs(point)])
    async def test_leaves_every_invariant_whole(self, sweep: Sweep, point: str) -> None:
        assert await crash_at(sweep, point) == []
