"""Wake the relays of other processes after a commit, at no cost to whoever committed.

One NOTIFY speaks for many commits, and in a transaction of its own: within a business transaction
it would hold the server's one lock on the notification queue until that commit is on disk. It may
be lost: relays look by themselves from time to time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

CHANNEL = "tongzhou_outbox"
NOTIFY = f"NOTIFY {CHANNEL}"
PAUSE_S = 0.005
"""Between two notifications of one process, however many commits there are."""
DEADLINE_S = 1.0


class Waker:
    """Sends a notification soon after it is told, and never two at once."""

    def __init__(self, send: Callable[[], Awaitable[None]]) -> None:
        """``send`` sends one notification; what it raises is of no consequence."""
        self._send = send
        self._told = False
        self._task: asyncio.Task[None] | None = None

    def tell(self) -> None:
        """Note that there is something to read; returns at once."""
        self._told = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._told:
            self._told = False
            with suppress(Exception):
                async with asyncio.timeout(DEADLINE_S):
                    await self._send()
            await asyncio.sleep(PAUSE_S)

    async def close(self) -> None:
        """Send nothing any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
