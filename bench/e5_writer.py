"""A writer of a latency run: ``python -m bench.e5_writer WAY ADDRESS TOPIC RATE COUNT``.

Commits one event per transaction at a rate, in an open loop: an event's turn comes whether or not
the one before is through. Prints per event, by its number, the moment at which its commit returned;
``bare`` gives the record to the client instead, and that moment is its commit.
"""

import asyncio
import gc
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import uvloop

from bench import load
from bench.peers import tables
from shared import clock
from shared.db import outbox
from shared.db.waking import NOTIFY, Waker
from shared.events.catalogue import PARTITIONS
from shared.events.envelope import Cause
from shared.events.registry import EnterpriseRegistered
from shared.messaging import kafka
from shared.messaging.kafka import KafkaSettings

CONNECTIONS = 10
DIGITS = 8
Write = Callable[[int], Awaitable[None]]
Run = Callable[[Write], Awaitable[None]]


def event_of(number: int, draw: random.Random) -> EnterpriseRegistered:
    """Make an event of the usual size whose name begins with its number."""
    name = "".join(draw.choices(load.ALPHABET, k=load.NAME_CHARS))
    return EnterpriseRegistered(
        uscc=f"91320706MA1N{draw.randrange(load.KEYS):06d}",
        name=f"{number:0{DIGITS}d}{name[DIGITS:]}",
        region="320706",
        chain="new_energy",
    )


def number_in(payload: bytes) -> int:
    """Return the number at the beginning of the event's name."""
    begins = payload.index(b'"name":"') + len(b'"name":"')
    return int(payload[begins : begins + DIGITS])


async def ours(dsn: str, count: int, run: Run) -> None:
    """Write as every command does, without what a command does beside."""
    draw = random.Random(load.SEED)
    rows = [outbox.row_of(draft(event_of(number, draw), draw)) for number in range(count)]
    pool = await tables.pool(dsn, connections=CONNECTIONS)

    async def write(number: int) -> None:
        async with pool.acquire() as connection:
            await connection.execute("BEGIN; SELECT pg_current_xact_id()")
            await outbox.insert_rows(connection, [rows[number]])
            await connection.execute("COMMIT")
        waker.tell()

    async def notify() -> None:
        await pool.execute(NOTIFY)

    waker = Waker(notify)
    await run(write)
    await waker.close()
    await pool.close()


def draft(event: EnterpriseRegistered, draw: random.Random) -> outbox.Draft:
    """Make an event ready for our outbox; it happened today, or its topic would soon drop it."""
    return outbox.Draft(
        event=event,
        event_id=UUID(int=draw.getrandbits(128), version=4),
        sequence=None,
        not_before=None,
        recorded_at=clock.now(),
        cause=Cause(correlation=UUID(int=draw.getrandbits(128), version=4)),
        traceparent=None,
    )


async def bare(servers: str, topic: str, count: int, run: Run) -> None:
    """Give each record to the bare client."""
    draw = random.Random(load.SEED)
    events = [event_of(number, draw) for number in range(count)]
    records = [
        (
            event.model_dump_json().encode(),
            event.key.encode(),
            kafka.partition_of(event.key, PARTITIONS),
        )
        for event in events
    ]
    producer = kafka.producer(KafkaSettings(servers, "bench-bare"))
    await producer.start()

    async def write(number: int) -> None:
        payload, key, partition = records[number]
        await producer.send(topic, payload, key=key, partition=partition)

    await run(write)
    await producer.stop()


async def peer(name: str, dsn: str, count: int, run: Run) -> None:
    """Write a row of a peer's own outbox, in as many round trips as ours."""
    draw = random.Random(time.monotonic_ns())
    peer_of = tables.PEERS[name]
    events = [event_of(number, draw) for number in range(count)]
    rows = [peer_of.row(event.key, event.model_dump_json().encode(), draw) for event in events]
    pool = await tables.pool(dsn, connections=CONNECTIONS)

    async def write(number: int) -> None:
        async with pool.acquire() as connection:
            await connection.execute("BEGIN")
            await connection.fetch(peer_of.insert_one, *rows[number])
            await connection.execute("COMMIT")

    await run(write)
    await pool.close()


async def main(way: str, address: str, topic: str, rate: float, count: int) -> None:
    """Write at the rate and print the moments."""
    returned: dict[int, int] = {}

    async def run(write: Write) -> None:
        async def one(number: int) -> None:
            if way == "bare":
                returned[number] = time.monotonic_ns()
            await write(number)
            if way != "bare":
                returned[number] = time.monotonic_ns()

        gc.freeze()
        async with asyncio.TaskGroup() as tasks:
            begins = time.monotonic()
            for number in range(count):
                await asyncio.sleep(begins + number / rate - time.monotonic())
                tasks.create_task(one(number))

    if way == "ours":
        await ours(address, count, run)
    elif way == "bare":
        await bare(address, topic, count, run)
    else:
        await peer(way, address, count, run)
    sys.stdout.write(json.dumps(returned) + "\n")


if __name__ == "__main__":
    _, way_given, address_given, topic_given, per_second, number_given = sys.argv
    uvloop.run(main(way_given, address_given, topic_given, float(per_second), int(number_given)))
