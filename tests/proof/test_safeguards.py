"""Each safeguard taken away: the scene that ends well with it is found broken without it."""

from collections.abc import AsyncIterator

import pytest

from tests.proof.command_safeguards import COMMAND_SAFEGUARDS
from tests.proof.consumer_safeguards import CONSUMER_SAFEGUARDS
from tests.proof.ground import Ground, ground_on
from tests.proof.relay_safeguards import RELAY_SAFEGUARDS
from tests.proof.safeguard import HELD, Safeguard
from tests.support.clocks import ManualClock
from tests.support.databases import Databases

pytestmark = pytest.mark.integration

SAFEGUARDS = (*RELAY_SAFEGUARDS, *CONSUMER_SAFEGUARDS, *COMMAND_SAFEGUARDS)


@pytest.fixture(scope="module")
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    """One database for all scenes."""
    async with ground_on(databases) as made:
        yield made


class TestSafeguard:
    @pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda one: one.name)
    async def test_is_needed(
        self,
        safeguard: Safeguard,
        ground: Ground,
        clock: ManualClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async with ground.toy(clock) as toy:
            kept = await safeguard.scene(toy)
        async with ground.toy(clock) as toy:
            with monkeypatch.context() as patched:
                safeguard.remove(patched)
                removed = await safeguard.scene(toy)

        assert kept == HELD
        assert removed == safeguard.breaks

    def test_has_at_least_fifteen(self) -> None:
        names = {safeguard.name for safeguard in SAFEGUARDS}

        assert len(names) == len(SAFEGUARDS) >= 15
