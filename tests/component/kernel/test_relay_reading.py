"""How the relay reads its outbox: with a plan that fits a backlog, and past what is settled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from shared import clock as system_clock
from shared.events.registry import EnterpriseRegistered
from shared.messaging import limits
from shared.messaging.kafka import KafkaSettings
from shared.messaging.leases import Lease
from shared.messaging.relay import READ, Page, Relay
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.toy import FIRM, Toy, toy_on
from tests.support.waiting import until

pytestmark = pytest.mark.component

FILL = """
    INSERT INTO outbox (shard, topic, key, event_id, type, subject, headers, payload, recorded_at)
    SELECT 1, 't', 'k', gen_random_uuid(), 't', 's', '{}', 'x', now()
    FROM generate_series(1, $1::integer)
"""
SHARDS = list(range(16))


def firm_registered() -> EnterpriseRegistered:
    """Make an event."""
    return EnterpriseRegistered(uscc=FIRM, name="firm", region="320706", chain="new_energy")


@pytest.fixture
async def toy(databases: Databases, clock: ManualClock) -> AsyncIterator[Toy]:
    """A service's database."""
    async with toy_on(databases, clock) as made:
        yield made


@pytest.fixture
async def lease(toy: Toy) -> AsyncIterator[Lease]:
    """A relay's session."""
    made = await Lease.open(toy.database.dsn)
    yield made
    made.abandon()


class TestPlan:
    async def test_made_on_an_empty_outbox_fits_a_backlog(self, toy: Toy, lease: Lease) -> None:
        await toy.as_owner("ANALYZE outbox")
        for _ in range(10):
            await lease.fetch(READ, SHARDS, 0, "{}", limits.PAGE_ROWS)
        async with toy.database.transaction() as work:
            await work.execute(FILL, 5000)
        in_flight = "{[1,2000]}"

        rows = await lease.fetch(f"EXPLAIN {READ}", SHARDS, 0, in_flight, limits.PAGE_ROWS)

        plan = "\n".join(row[0] for row in rows)
        assert "Index Scan" in plan
        assert "Sort" not in plan


class TestWaking:
    async def test_a_commit_of_another_process_wakes_a_relay_that_would_not_look(
        self, toy: Toy, lease: Lease, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for bound in ("SHORTEST_IDLE_S", "LONGEST_IDLE_S", "LONGEST_HEARING_IDLE_S"):
            monkeypatch.setattr(limits, bound, 60.0)
        wake = asyncio.Event()
        await lease.listen(wake)

        async def heard() -> bool:
            return lease.hears

        await until(heard, what="the relay hears its own notification")
        relay = Relay(
            toy.database.dsn, KafkaSettings("none", "x"), wake=wake, read_clock=system_clock.now
        )
        pages: asyncio.Queue[Page] = asyncio.Queue(1)
        reading = asyncio.create_task(relay._read(lease, pages))
        try:

            async def waits() -> bool:
                return not wake.is_set() and bool(lease._shards)

            await until(waits, what="the relay has looked once")
            assert toy.database.published is not wake
            async with toy.database.transaction() as work:
                work.publish(firm_registered())
            page = await asyncio.wait_for(pages.get(), 10)
            assert len(page.rows) == 1
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading


class TestHint:
    async def test_moves_while_pages_are_in_flight(
        self, toy: Toy, lease: Lease, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "PAGE_ROWS", 100)
        monkeypatch.setattr(limits, "LEASE_CHECK_S", 0.0)
        async with toy.database.transaction() as work:
            await work.execute(FILL, 1000)
        relay = Relay(
            toy.database.dsn,
            KafkaSettings("none", "x"),
            wake=asyncio.Event(),
            read_clock=system_clock.now,
        )
        pages: asyncio.Queue[Page] = asyncio.Queue(1)
        reading = asyncio.create_task(relay._read(lease, pages))
        try:
            for _ in range(4):
                first = await asyncio.wait_for(pages.get(), 10)
                assert lease.hint < first.positions[0]
                await lease.delete(first.positions)
                relay._in_flight.leave(first)

            async def moved() -> bool:
                return lease.hint > 0 and bool(relay._in_flight)

            await until(moved, what="the hint moves in a backlog")
            lowest = relay._in_flight.lowest
            assert lowest is not None
            assert lease.hint < lowest
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
