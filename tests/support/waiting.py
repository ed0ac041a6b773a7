"""Wait for a condition with a deadline: never a bare pause."""

import asyncio
import time
from collections.abc import Awaitable, Callable

EVERY_S = 0.02


async def until(
    holds: Callable[[], Awaitable[bool]], *, what: str, deadline_s: float = 30.0
) -> None:
    """Return as soon as ``holds()`` is true; raise TimeoutError naming ``what`` otherwise."""
    end = time.monotonic() + deadline_s
    while not await holds():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {deadline_s} s: {what}")
        await asyncio.sleep(EVERY_S)
