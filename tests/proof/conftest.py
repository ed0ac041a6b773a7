"""What the proof needs beside the stack."""

import pytest

from deploy.local.stack import Stack
from shared.messaging.topics import ensure_topics


@pytest.fixture(scope="session")
async def topics(stack: Stack) -> None:
    """The catalogue's topics on the run's broker."""
    await ensure_topics(stack.bootstrap_servers)
