"""Every safeguard that the tests take away, and how one is tried with and without it."""

import pytest

from tests.proof.command_safeguards import COMMAND_SAFEGUARDS
from tests.proof.consumer_safeguards import CONSUMER_SAFEGUARDS
from tests.proof.ground import Ground
from tests.proof.relay_safeguards import RELAY_SAFEGUARDS
from tests.proof.safeguard import Safeguard
from tests.support.clocks import ManualClock

SAFEGUARDS = (*RELAY_SAFEGUARDS, *CONSUMER_SAFEGUARDS, *COMMAND_SAFEGUARDS)


async def try_without(safeguard: Safeguard, ground: Ground) -> tuple[str, str]:
    """Play the scene with the safeguard and without; returns what was broken each time."""
    async with ground.toy(ManualClock()) as toy:
        kept = await safeguard.scene(toy)
    async with ground.toy(ManualClock()) as toy:
        with pytest.MonkeyPatch.context() as patched:
            safeguard.remove(patched)
            removed = await safeguard.scene(toy)
    return kept, removed
