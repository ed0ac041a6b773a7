"""What keeps the relay from losing, doubling and reordering, each with a scene that needs it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import pytest

from shared.db.database import Row, Transaction
from shared.db.outbox import shard_of
from shared.messaging import leases, relay
from shared.messaging.kafka import AIOKafkaProducer, KafkaError
from shared.messaging.leases import Lease
from shared.messaging.relay import Page, Relay
from tests.proof.ferry import Wire, ferries
from tests.proof.safeguard import HELD, Safeguard, blocked, event_of, publish
from tests.support.toy import FIRM, OTHER_FIRM, Toy
from tests.support.waiting import until

LOST = "an event is lost"
TWICE = "an event is sent twice although nothing failed"
INVERTED = "an aggregate's events are out of order"
STALE = "the last event on the wire is not the state"


DELETING = """
    WITH page AS (
        DELETE FROM outbox WHERE position IN (
            SELECT position FROM outbox
            WHERE shard = ANY($1::smallint[]) AND position > $2
                AND NOT position <@ $3::text::int8multirange
            ORDER BY position LIMIT $4
        )
        RETURNING position, topic, key, headers, payload, recorded_at
    )
    SELECT * FROM page ORDER BY position
"""


async def a_send_fails(toy: Toy) -> str:
    """The broker refuses the first page."""
    async with ferries(toy) as (ferry,):
        failed = asyncio.Event()

        async def refuse_once(_rows: Sequence[Row]) -> None:
            if not failed.is_set():
                failed.set()
                raise KafkaError("refused")

        ferry.wire.on_send = refuse_once
        await publish(toy, 1)
        await failed.wait()
        await ferry.rounds(3)
        return HELD if ferry.wire.sequences(FIRM) == [1] else LOST


async def a_lower_position_commits_before_a_delete(toy: Toy) -> str:
    """A transaction with a lower position commits after a page was read, before it is deleted."""
    async with ferries(toy) as (ferry,):
        await until(ferry.holds, what="the relay has its leases")
        deleting, committed = asyncio.Event(), asyncio.Event()

        async def wait_once() -> None:
            deleting.set()
            await committed.wait()

        ferry.leases[-1].before_delete = wait_once
        async with toy.database.transaction() as slow:
            slow.publish(event_of(FIRM), sequence=1)
            await slow.flush()
            await publish(toy, 1, uscc=OTHER_FIRM)
            await deleting.wait()
        committed.set()
        await ferry.rounds(4)
        return HELD if ferry.wire.sequences(FIRM) == [1] else LOST


async def a_position_is_taken_and_not_committed(toy: Toy) -> str:
    """A transaction holds a position while the relay looks for what is settled, five times over."""
    async with ferries(toy) as (ferry,):
        await until(ferry.holds, what="the relay has its leases")
        for turn in range(1, 6):
            async with toy.database.transaction() as slow:
                slow.publish(event_of(FIRM), sequence=turn)
                await slow.flush()
                await ferry.rounds(4)
            await ferry.rounds(3)
        return HELD if ferry.wire.sequences(FIRM) == [1, 2, 3, 4, 5] else LOST


WAIT_IN_INSERT = f"""
    CREATE FUNCTION wait_for_it() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.subject = '{FIRM}' THEN
            PERFORM pg_advisory_xact_lock(77);
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER waits BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION wait_for_it();
"""


async def an_insert_dawdles_after_its_position(toy: Toy) -> str:
    """An insert has its position and waits before its row is written."""
    await toy.as_owner(WAIT_IN_INSERT)
    async with ferries(toy) as (ferry,):
        # The first of 32 positions is written to the log, for which the server takes an xid itself.
        await publish(toy, 1, uscc=OTHER_FIRM)
        await until(_sent(ferry.wire, OTHER_FIRM), what="the first event is sent")
        async with toy.database.transaction() as gate:
            await gate.execute("SELECT pg_advisory_xact_lock(77)")
            slow = asyncio.create_task(publish(toy, 1))
            await until(lambda: blocked(toy), what="the insert waits")
            await ferry.rounds(5)
        await slow
        await ferry.rounds(3)
        return HELD if ferry.wire.sequences(FIRM) == [1] else LOST


def _sent(wire: Wire, subject: str) -> Callable[[], Awaitable[bool]]:
    async def sent() -> bool:
        return bool(wire.sequences(subject))

    return sent


async def an_event_is_published_before_the_row_is_locked(toy: Toy) -> str:
    """A use case says what it does before it does it; another one comes in between."""
    await toy.as_owner("CREATE TABLE firm (id text PRIMARY KEY, name text NOT NULL)")
    rename = "UPDATE firm SET name = $2 WHERE id = $1"
    async with toy.database.transaction() as work:
        await work.execute("INSERT INTO firm VALUES ($1, 'none')", FIRM)
    async with toy.database.transaction() as early:
        early.publish(event_of(FIRM, "early"))
        await early.fetch("SELECT 1")
        async with toy.database.transaction() as late:
            late.publish(event_of(FIRM, "late"))
            await late.execute(rename, FIRM, "late")
        await early.execute(rename, FIRM, "early")
    async with ferries(toy) as (ferry,):

        async def both() -> bool:
            return len(ferry.wire.sent) == 2

        await until(both, what="two events are sent")
        return HELD if ferry.wire.sent[-1][2] == "early" else STALE


async def a_shard_changes_hands(toy: Toy) -> str:
    """Another relay has the shard of an event; it ends without having sent it."""
    other = await asyncpg.connect(toy.database.dsn)
    try:
        await other.execute("SELECT pg_advisory_lock($1, $2)", leases.LOCK_CLASS, shard_of(FIRM))
        await publish(toy, 1)
        await publish(toy, 1, uscc=OTHER_FIRM)
        async with ferries(toy) as (ferry,):

            async def settled() -> bool:
                return bool(ferry.leases) and ferry.leases[-1].hint >= 2

            await until(settled, what="both positions are settled")
            await other.close()
            await ferry.rounds(5)
            return HELD if ferry.wire.sequences(FIRM) == [1] else LOST
    finally:
        other.terminate()


async def two_relays_run(toy: Toy) -> str:
    """Two relays look at the same outbox."""
    async with ferries(toy, number=2) as (one, two):
        await asyncio.gather(one.rounds(2), two.rounds(2))

        async def other_looks(_rows: Sequence[Row]) -> None:
            one.wire.on_send = None
            # The one that sends reads twice at most meanwhile: the rest is the other's.
            wanted = one.reads + two.reads + 4

            async def looked() -> bool:
                return one.reads + two.reads >= wanted

            await until(looked, what="the other relay reads the outbox twice")

        one.wire.on_send = other_looks
        await publish(toy, 1)
        await asyncio.gather(one.rounds(6), two.rounds(6))
        return HELD if one.wire.sequences(FIRM) == [1] else TWICE


async def a_send_takes_its_time(toy: Toy) -> str:
    """The outbox is read again while a page, a full one, is under way."""
    async with ferries(toy, page_rows=1) as (ferry,):

        async def look_again(_rows: Sequence[Row]) -> None:
            ferry.wire.on_send = None
            await ferry.looks_again()

        ferry.wire.on_send = look_again
        await publish(toy, 1)
        await ferry.rounds(6)
        return HELD if ferry.wire.sequences(FIRM) == [1] else TWICE


async def the_first_of_two_pages_fails(toy: Toy) -> str:
    """Two pages of one aggregate are under way; the broker refuses the first."""
    async with toy.database.transaction() as work:
        work.publish_all([event_of(FIRM)] * 4, after=0)
    async with ferries(toy, page_rows=2) as (ferry,):

        async def read_both() -> bool:
            return ferry.reads >= 2

        async def refuse_once(_rows: Sequence[Row]) -> None:
            ferry.wire.on_send = None
            await until(read_both, what="the second page is read")
            raise KafkaError("refused")

        ferry.wire.on_send = refuse_once

        async def complete() -> bool:
            return set(ferry.wire.sequences(FIRM)) == {1, 2, 3, 4}

        await until(complete, what="four events are sent")
        firsts = list(dict.fromkeys(ferry.wire.sequences(FIRM)))
        return HELD if firsts == [1, 2, 3, 4] else INVERTED


def delete_when_read(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(relay, "READ", DELETING)


def delete_by_range(patched: pytest.MonkeyPatch) -> None:
    async def delete(lease: Lease, positions: Sequence[int]) -> None:
        await lease._deleting.execute("DELETE FROM outbox WHERE position <= $1", max(positions))

    patched.setattr(Lease, "delete", delete)


def bound_by_xmax(patched: pytest.MonkeyPatch) -> None:
    bound = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    patched.setattr(leases, "OWN_XID", bound)


def bound_by_nothing(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(leases, "OWN_XID", "SELECT 0::bigint")


def begin_without_xid(patched: pytest.MonkeyPatch) -> None:
    execute = asyncpg.Connection.execute

    async def bare(connection: object, sql: str, *args: object, **named: object) -> object:
        if sql.startswith("BEGIN; SELECT pg_current_xact_id"):
            sql = "BEGIN"
        return await execute(connection, sql, *args, **named)  # type: ignore[arg-type] # any session

    patched.setattr(asyncpg.Connection, "execute", bare)


def write_events_at_once(patched: pytest.MonkeyPatch) -> None:
    fetch = Transaction.fetch

    async def eager(work: Transaction, sql: str, *args: object) -> list[Row]:
        await work.flush()
        return await fetch(work, sql, *args)

    patched.setattr(Transaction, "fetch", eager)


def keep_the_hint(patched: pytest.MonkeyPatch) -> None:
    hold = Lease.hold

    async def holding_on(lease: Lease) -> list[int]:
        known = lease._candidate, lease._settled, lease.hint
        shards = await hold(lease)
        lease._candidate, lease._settled, lease.hint = known
        return shards

    patched.setattr(Lease, "hold", holding_on)


def lease_to_everybody(patched: pytest.MonkeyPatch) -> None:
    taken = "SELECT shard FROM unnest($2::integer[]) AS shard WHERE $1::integer > 0"
    patched.setattr(leases, "TRY_LOCKS", taken)


def read_what_is_in_flight(patched: pytest.MonkeyPatch) -> None:
    everything = relay.READ.replace(
        "NOT position <@ $3::text::int8multirange", "$3::text IS NOT NULL"
    )
    patched.setattr(relay, "READ", everything)


def go_on_after_a_failed_page(patched: pytest.MonkeyPatch) -> None:
    async def publish_on(
        running: Relay,
        producer: AIOKafkaProducer,
        pages: "asyncio.Queue[Page]",
        sent: "asyncio.Queue[Page]",
    ) -> None:
        while True:
            page = await pages.get()
            try:
                await relay._send(producer, page.rows)
            except KafkaError:
                running._in_flight.leave(page)
                pages.task_done()
                continue
            pages.task_done()
            await sent.put(page)

    patched.setattr(Relay, "_publish", publish_on)


RELAY_SAFEGUARDS = (
    Safeguard("rows are deleted after the acknowledgement", a_send_fails, delete_when_read, LOST),
    Safeguard(
        "rows are deleted by id, not by range",
        a_lower_position_commits_before_a_delete,
        delete_by_range,
        LOST,
    ),
    Safeguard(
        "the low-water bound is the relay's own xid, not the snapshot's xmax",
        a_position_is_taken_and_not_committed,
        bound_by_xmax,
        LOST,
    ),
    Safeguard(
        "the low-water mark waits for older transactions",
        a_position_is_taken_and_not_committed,
        bound_by_nothing,
        LOST,
    ),
    Safeguard(
        "a transaction has its xid before an outbox position",
        an_insert_dawdles_after_its_position,
        begin_without_xid,
        LOST,
    ),
    Safeguard(
        "outbox rows are written last",
        an_event_is_published_before_the_row_is_locked,
        write_events_at_once,
        STALE,
    ),
    Safeguard(
        "the low-water mark is forgotten with a new shard",
        a_shard_changes_hands,
        keep_the_hint,
        LOST,
    ),
    Safeguard("a shard has one reader", two_relays_run, lease_to_everybody, TWICE),
    Safeguard(
        "what is in flight is not read", a_send_takes_its_time, read_what_is_in_flight, TWICE
    ),
    Safeguard(
        "a failed page takes those behind it with it",
        the_first_of_two_pages_fails,
        go_on_after_a_failed_page,
        INVERTED,
    ),
)
