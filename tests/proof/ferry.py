"""The real relay between a real outbox and a wire that a test holds in its hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeAlias

import asyncpg
import orjson
import pytest

from shared import clock
from shared.db.database import Row
from shared.events import wire
from shared.messaging import kafka, limits, relay
from shared.messaging.kafka import KafkaSettings
from shared.messaging.leases import Lease
from shared.messaging.relay import Relay
from tests.support.toy import Toy
from tests.support.waiting import until

Session: TypeAlias = "asyncpg.Connection[Row]"


class Wire:
    """Takes pages in place of the broker; notes subject, sequence and name of each row."""

    def __init__(self) -> None:
        """Nothing was sent yet."""
        self.sent: list[tuple[str, int, str]] = []
        self.on_send: Callable[[Sequence[Row]], Awaitable[None]] | None = None

    async def send(self, _producer: object, rows: Sequence[Row]) -> None:
        """Let the test do something with the page, which may fail; then take it."""
        if self.on_send is not None:
            await self.on_send(rows)
        self.sent.extend(_event(row) for row in rows)

    def sequences(self, subject: str) -> list[int]:
        """Return what was sent of an aggregate, in order."""
        return [sequence for sent_of, sequence, _ in self.sent if sent_of == subject]


def _event(row: Row) -> tuple[str, int, str]:
    headers = dict(wire.decoded(row["headers"]))
    name = orjson.loads(row["payload"])["name"]
    return headers["ce_subject"].decode(), int(headers.get("ce_sequence", b"0")), name


class WatchedLease(Lease):
    """Counts how often the outbox was read, and lets something happen just before a delete."""

    reads = 0
    reads_to_find = 0
    """The number of the first read that found something."""
    before_delete: Callable[[], Awaitable[None]] | None = None

    def __init__(self, reading: Session, deleting: Session) -> None:
        """Begin with nothing read."""
        super().__init__(reading, deleting)
        self._turn = asyncio.Lock()

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """Run a query; a page read is counted."""
        if "headers" not in sql:
            return await super().fetch(sql, *args)
        async with self._turn:
            rows = await super().fetch(sql, *args)
        self.reads += 1
        if rows and not self.reads_to_find:
            self.reads_to_find = self.reads
        return rows

    async def delete(self, positions: Sequence[int]) -> None:
        """Forget rows; nothing is read between what happens before and the delete."""
        async with self._turn:
            if self.before_delete is not None:
                await self.before_delete()
            await super().delete(positions)


class Ferry:
    """One running relay."""

    def __init__(self, toy: Toy, wire: Wire) -> None:
        """``wire`` may serve several."""
        self.wire = wire
        self.leases: list[WatchedLease] = []
        self._relay = Relay(
            toy.database.dsn,
            KafkaSettings("none", "ferry"),
            wake=toy.database.published,
            read_clock=clock.now,
            open_lease=self._open,
        )

    async def _open(self, dsn: str) -> Lease:
        lease = await WatchedLease.open(dsn)
        self.leases.append(lease)
        return lease

    def start(self) -> "asyncio.Task[None]":
        """Relay until cancelled."""
        return asyncio.create_task(self._relay.run())

    @property
    def reads(self) -> int:
        """How often it has read the outbox."""
        return sum(lease.reads for lease in self.leases)

    async def rounds(self, number: int) -> None:
        """Wait until it has read the outbox so many times more."""
        wanted = self.reads + number

        async def read() -> bool:
            return self.reads >= wanted

        await until(read, what=f"{number} more reads of the outbox")

    async def looks_again(self) -> None:
        """Wait until it has read the outbox once more after the first time it found something."""

        async def again() -> bool:
            return self.leases[-1].reads > self.leases[-1].reads_to_find > 0

        await until(again, what="the outbox is read again")

    async def holds(self) -> bool:
        """Tell whether it has a lease on anything."""
        return bool(self.leases) and bool(self.leases[-1]._shards)


class _NoProducer:
    """Stands where the producer would: the wire takes the pages."""

    async def start(self) -> None:
        """Connect to nothing."""

    async def stop(self) -> None:
        """Leave nothing."""


@asynccontextmanager
async def ferries(
    toy: Toy, *, number: int = 1, page_rows: int = 2000
) -> AsyncIterator[list[Ferry]]:
    """Run relays on one wire; they look after their leases in every round."""
    wire_of_all = Wire()
    async with AsyncExitStack() as ends:
        patched = ends.enter_context(pytest.MonkeyPatch.context())
        patched.setattr(relay, "_send", wire_of_all.send)
        patched.setattr(kafka, "producer", lambda _settings: _NoProducer())
        patched.setattr(limits, "LEASE_CHECK_S", 0.0)
        patched.setattr(limits, "FIRST_BACKOFF_S", 0.01)
        patched.setattr(limits, "LONGEST_IDLE_S", 0.02)
        patched.setattr(limits, "LONGEST_HEARING_IDLE_S", 0.02)
        patched.setattr(limits, "PAGE_ROWS", page_rows)
        running = [Ferry(toy, wire_of_all) for _ in range(number)]
        tasks = [ferry.start() for ferry in running]
        try:
            yield running
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
