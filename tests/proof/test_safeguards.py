"""Each safeguard taken away: the scene that ends well with it is found broken without it."""

import pytest

from tests.proof.command_safeguards import COMMAND_SAFEGUARDS
from tests.proof.consumer_safeguards import CONSUMER_SAFEGUARDS
from tests.proof.relay_safeguards import RELAY_SAFEGUARDS
from tests.proof.safeguard import HELD, Safeguard
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.toy import toy_on

pytestmark = pytest.mark.integration

SAFEGUARDS = (*RELAY_SAFEGUARDS, *CONSUMER_SAFEGUARDS, *COMMAND_SAFEGUARDS)


class TestSafeguard:
    @pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda one: one.name)
    async def test_is_needed(
        self,
        safeguard: Safeguard,
        databases: Databases,
        clock: ManualClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async with toy_on(databases, clock) as toy:
            kept = await safeguard.scene(toy)
        async with toy_on(databases, clock) as toy:
            with monkeypatch.context() as patched:
                safeguard.remove(patched)
                removed = await safeguard.scene(toy)

        assert kept == HELD
        assert removed == safeguard.breaks

    def test_has_at_least_fifteen(self) -> None:
        names = {safeguard.name for safeguard in SAFEGUARDS}

        assert len(names) == len(SAFEGUARDS) >= 15
