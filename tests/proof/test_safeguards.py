"""Each safeguard taken away: the scene that ends well with it is found broken without it."""

from collections.abc import AsyncIterator

import pytest

from tests.proof.ground import Ground, ground_on
from tests.proof.safeguard import HELD, Safeguard
from tests.proof.safeguards import SAFEGUARDS, try_without
from tests.support.databases import Databases

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    """One database for all scenes."""
    async with ground_on(databases) as made:
        yield made


class TestSafeguard:
    @pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda one: one.name)
    async def test_is_needed(self, safeguard: Safeguard, ground: Ground) -> None:
        kept, removed = await try_without(safeguard, ground)

        assert (kept, removed) == (HELD, safeguard.breaks)

    def test_has_at_least_fifteen(self) -> None:
        names = {safeguard.name for safeguard in SAFEGUARDS}

        assert len(names) == len(SAFEGUARDS) >= 15
