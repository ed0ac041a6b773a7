"""Schedules of a few transactions in which a relay of a certain kind goes wrong, every time.

A busy system comes upon each of them by itself; here a relay moves exactly where it must.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from shared.db.database import Transaction
from shared.messaging import kafka
from shared.messaging.kafka import KafkaSettings
from tests.proof import load, worker
from tests.proof.oracle import Verdict
from tests.proof.planted import IdCursor, Planted, SkipLocked, XidHorizon
from tests.proof.yard import Yard, yard_on
from tests.support.databases import Databases
from tests.support.waiting import until

Step = Callable[[], Awaitable[object]]
Interleaving = Callable[[Yard, Step], Awaitable[None]]


async def publish_next(yard: Yard, work: Transaction, number: int, count: int = 1) -> None:
    """Publish the next versions of an aggregate, under its lock."""
    subject = load.subject_of(yard.place.run, number)
    last = await work.fetchval(load.ADVANCE, subject, count)
    work.publish_all([load.fact(subject)] * count, after=last - count)


async def commit_next(yard: Yard, number: int, count: int = 1) -> None:
    """Commit the next versions of an aggregate in a transaction of their own."""
    async with yard.database.transaction() as work:
        await publish_next(yard, work, number, count)


async def lower_position_commits_later(yard: Yard, step: Step) -> None:
    """One transaction takes the first position, another the second; the second commits first."""
    async with yard.database.transaction() as slow:
        await publish_next(yard, slow, 0)
        await slow.flush()
        await commit_next(yard, 1)
        await step()
    await step()


async def lower_xid_publishes_later(yard: Yard, step: Step) -> None:
    """The transaction that began first changes an aggregate last; one in between goes on."""
    async with AsyncExitStack() as until_then:
        async with yard.database.transaction() as early:
            await until_then.enter_async_context(yard.database.transaction())
            await commit_next(yard, 0)
            await publish_next(yard, early, 0)
        await step()
    await step()


async def one_aggregate_fills_several_pages(yard: Yard, step: Step) -> None:
    """More events of one aggregate wait than one worker claims."""
    await commit_next(yard, 0, count=180)
    await step()


@dataclass(frozen=True, slots=True)
class Trap:
    """A kind of relay and the schedule that it does not survive."""

    name: str
    relay: Callable[[], Planted]
    interleaving: Interleaving
    caught_by: str
    """Which violation the oracle must report."""


TRAPS = (
    Trap("id cursor", IdCursor, lower_position_commits_later, "lost"),
    Trap("xid horizon", XidHorizon, lower_xid_publishes_later, "inverted"),
    Trap("SKIP LOCKED workers", SkipLocked, one_aggregate_fills_several_pages, "inverted"),
)


async def spring(trap: Trap, databases: Databases, bootstrap_servers: str, run: int) -> Verdict:
    """Put the planted relay into its trap; returns what the oracle says of it."""
    async with yard_on(databases, bootstrap_servers, run) as yard, _moving(trap, yard) as step:
        await trap.interleaving(yard, step)
        return await _judged(yard)


async def pass_through(
    trap: Trap, databases: Databases, bootstrap_servers: str, run: int
) -> Verdict:
    """Put the real relay into the same trap; returns what the oracle says of it."""
    async with yard_on(databases, bootstrap_servers, run) as yard:
        yard.start(worker.relay)

        async def idle() -> bool:
            return await yard.outbox() == 0

        async def step() -> None:
            await until(idle, what="the relay has sent what it sees")

        await trap.interleaving(yard, step)
        return await _judged(yard)


@asynccontextmanager
async def _moving(trap: Trap, yard: Yard) -> AsyncIterator[Step]:
    relay = trap.relay()
    producer = kafka.producer(KafkaSettings(yard.place.bootstrap_servers, "proof-planted"))
    await producer.start()
    await relay.open(yard.place.dsn)
    try:
        yield lambda: relay.step(producer)
    finally:
        await relay.close()
        await producer.stop()


async def _judged(yard: Yard) -> Verdict:
    await yard.wire.catch_up()
    return await yard.verdict(effects=False)
