"""One notification speaks for many commits, and its failure is nobody's."""

import asyncio

from shared.db.waking import Waker
from tests.support.waiting import until


class Notifications:
    """Counts what is sent; fails where told to."""

    def __init__(self) -> None:
        self.sent = 0
        self.fails = False

    async def send(self) -> None:
        """Send one."""
        self.sent += 1
        if self.fails:
            raise ConnectionError


class TestWaker:
    async def test_sends_at_once_and_once_for_commits_that_come_together(self) -> None:
        notifications = Notifications()
        waker = Waker(notifications.send)
        for _ in range(100):
            waker.tell()

        async def sent() -> bool:
            return notifications.sent > 0

        await until(sent, what="a notification")
        await waker.close()

        assert notifications.sent == 1

    async def test_sends_again_for_what_is_committed_while_one_is_on_its_way(self) -> None:
        gate, second = asyncio.Event(), asyncio.Event()
        sent: list[int] = []

        async def send() -> None:
            sent.append(len(sent))
            if len(sent) == 2:
                second.set()
            await gate.wait()

        waker = Waker(send)
        waker.tell()
        await asyncio.sleep(0)
        waker.tell()
        waker.tell()
        gate.set()
        async with asyncio.timeout(5):
            await second.wait()
        await waker.close()

        assert sent == [0, 1]

    async def test_a_failure_reaches_nobody_and_ends_nothing(self) -> None:
        notifications = Notifications()
        notifications.fails = True
        waker = Waker(notifications.send)

        async def tried(times: int) -> None:
            async def done() -> bool:
                return notifications.sent == times

            waker.tell()
            await until(done, what=f"{times} tries")

        await tried(1)
        await tried(2)
        await waker.close()
