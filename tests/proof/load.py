"""The load of the order proof: concurrent writers on few aggregates, and a handler that notes.

Each event carries its aggregate's version, counted by the locked row of the aggregate. A tenth of
the transactions is rolled back, half of them begin with an idempotency row, and some dawdle: after
the idempotency row, with the row locked, or with the outbox positions taken and not yet committed.
"""

import asyncio
import random
from dataclasses import dataclass

from shared.db.database import Database, Transaction
from shared.errors import Transient
from shared.events.envelope import Event, Received
from shared.events.registry import EnterpriseRegistered
from shared.web.commands import CLAIM_KEY

TOPIC = EnterpriseRegistered.topic()
AGGREGATES = 40
WRITERS = 24
ROLLED_BACK = 0.10
SHORT_PAUSE, SHORT_PAUSE_S = 0.10, 0.005
LONG_PAUSE, LONG_PAUSE_S = 0.001, 0.5
MOST_EVENTS = 15
"""A transaction publishes 1 to so many events of one aggregate."""

TABLES = """
    CREATE TABLE aggregate (id text PRIMARY KEY, version bigint NOT NULL);
    CREATE TABLE effect (
        place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id uuid NOT NULL,
        subject text NOT NULL,
        sequence bigint
    );
"""
ADVANCE = "UPDATE aggregate SET version = version + $2 WHERE id = $1 RETURNING version"


class GivesUp(Exception):
    """Rolls a transaction back, as a refused command does."""


@dataclass(slots=True)
class Written:
    """What one writer process did."""

    transactions: int = 0
    events: int = 0
    rolled_back: int = 0
    refused: int = 0


def subject_of(run: int, number: int) -> str:
    """Name an aggregate: in the form of a firm's code, and never the same in two runs."""
    return f"91{run % 10**8:08d}{number:08d}"


def fact(subject: str, name: str = "firm") -> EnterpriseRegistered:
    """Make an event of an aggregate."""
    return EnterpriseRegistered(uscc=subject, name=name, region="320706", chain="new_energy")


async def note(work: Transaction, received: Received[Event]) -> None:
    """Note an effect; a second one of the same event would be a second row."""
    await work.execute(
        "INSERT INTO effect (event_id, subject, sequence) VALUES ($1, $2, $3)",
        received.id,
        received.subject,
        received.sequence,
    )


async def write(database: Database, *, run: int, seed: str, writers: int, events: int) -> Written:
    """Let concurrent writers commit so many events."""
    written = Written()
    async with asyncio.TaskGroup() as tasks:
        for number in range(writers):
            draw = random.Random(f"{seed}-{number}")  # noqa: S311 -- not a secret, a schedule
            tasks.create_task(_writer(database, f"{seed}-{number}", draw, run, written, events))
    return written


async def _writer(
    database: Database, name: str, draw: random.Random, run: int, written: Written, events: int
) -> None:
    turn = 0
    while written.events < events:
        turn += 1
        count = draw.randint(1, MOST_EVENTS)
        # Counted when begun, so that the writers stop together and a rollback gives it back.
        written.events += count
        try:
            await _transaction(database, f"{name}-{turn}", draw, run, count)
            written.transactions += 1
        except GivesUp:
            written.rolled_back += 1
            written.events -= count
        except Transient:
            written.refused += 1
            written.events -= count


async def _transaction(
    database: Database, key: str, draw: random.Random, run: int, count: int
) -> None:
    subject = subject_of(run, draw.randrange(AGGREGATES))
    async with database.transaction() as work:
        if draw.random() < 0.5:
            await work.fetchval(CLAIM_KEY, "proof", key, b"", work.now)
            await _dawdle(draw)
        last = await work.fetchval(ADVANCE, subject, count)
        await _dawdle(draw)
        work.publish_all([fact(subject)] * count, after=last - count)
        await work.flush()
        await _dawdle(draw)
        if draw.random() < ROLLED_BACK:
            raise GivesUp


async def _dawdle(draw: random.Random) -> None:
    chance = draw.random()
    if chance < LONG_PAUSE:
        await asyncio.sleep(draw.uniform(0.1, LONG_PAUSE_S))
    elif chance < LONG_PAUSE + SHORT_PAUSE:
        await asyncio.sleep(draw.uniform(0, SHORT_PAUSE_S))
