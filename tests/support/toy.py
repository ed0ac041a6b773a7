"""A consumer that only notes what reached it, for tests of the kernel."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from uuid import UUID

import asyncpg

from shared.db.database import Database, Transaction
from shared.errors import RuleViolation
from shared.events.envelope import Cause, Event, Received, headers_of
from shared.events.registry import EnterpriseRegistered, ListMemberAdded
from shared.ids import new_id
from shared.messaging.apply import Applier
from shared.messaging.records import Record
from tests.support.clocks import START, ManualClock
from tests.support.databases import Databases

SERVICE = "registry"
POISON_NAME = "poison"
FIRM = "91320706MA1N00018N"
OTHER_FIRM = "91320706MAD123457P"

EFFECT = """
    CREATE TABLE effect (
        place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id uuid NOT NULL,
        subject text NOT NULL,
        sequence bigint
    )
"""


class Poisoned(RuleViolation):
    """The toy handler refuses firms called poison."""

    code = "poisoned"


async def note(work: Transaction, received: Received[Event]) -> None:
    """Note the event; a second effect of the same event would be a second row."""
    if getattr(received.data, "name", "") == POISON_NAME:
        raise Poisoned("this firm is poison")
    await write_effect(work, received)


async def write_effect(work: Transaction, received: Received[Event]) -> None:
    """Note the event, poison or not."""
    await work.execute(
        "INSERT INTO effect (event_id, subject, sequence) VALUES ($1, $2, $3)",
        received.id,
        received.subject,
        received.sequence,
    )


class Toy:
    """A toy consumer on a database of its own."""

    def __init__(self, database: Database, clock: ManualClock, owner_dsn: str) -> None:
        self.database = database
        self._owner_dsn = owner_dsn
        self.clock = clock
        self.applier = Applier(database, "toy", {EnterpriseRegistered: note, ListMemberAdded: note})
        self._offsets: defaultdict[str, count[int]] = defaultdict(count)

    def record(
        self,
        sequence: int | None,
        *,
        uscc: str = FIRM,
        name: str = "firm",
        event_id: UUID | None = None,
        changed: Mapping[str, bytes] | None = None,
    ) -> Record:
        """Make the next record of the topic's partition 0, with some headers changed."""
        event = EnterpriseRegistered(uscc=uscc, name=name, region="320706", chain="new_energy")
        envelope = dict(
            headers_of(
                event,
                event_id=event_id or new_id(),
                sequence=sequence,
                recorded_at=START,
                cause=Cause(correlation=new_id()),
                traceparent=None,
            )
        )
        return Record(
            topic=event.topic(),
            partition=0,
            offset=next(self._offsets[event.topic()]),
            key=uscc,
            headers={**envelope, **(changed or {})},
            value=event.model_dump_json().encode(),
        )

    async def effects(self, uscc: str = FIRM) -> list[int | None]:
        """Return the sequences that took effect for a firm, in the order of their effects."""
        async with self.database.read() as work:
            rows = await work.fetch(
                "SELECT sequence FROM effect WHERE subject = $1 ORDER BY place", uscc
            )
        return [row["sequence"] for row in rows]

    async def parked(self) -> dict[str, tuple[str, int]]:
        """Return, per parked key, its reason and how many records wait."""
        async with self.database.read() as work:
            rows = await work.fetch(
                "SELECT key, parked_key.reason, count(*) AS waiting "
                "FROM parked_key JOIN parked_event USING (consumer, topic, key) "
                "GROUP BY key, parked_key.reason"
            )
        return {row["key"]: (row["reason"], row["waiting"]) for row in rows}

    async def as_owner(self, statements: str) -> None:
        """Change the database as only its owner may."""
        owner = await asyncpg.connect(self._owner_dsn)
        try:
            await owner.execute(statements)
        finally:
            await owner.close()

    async def next_offset(self) -> int:
        """Return where the consumer goes on in partition 0."""
        async with self.database.read() as work:
            offset: int = await work.fetchval("SELECT next_offset FROM consumer_offset")
        return offset


@asynccontextmanager
async def toy_on(databases: Databases, clock: ManualClock) -> AsyncIterator[Toy]:
    """Lend a toy consumer."""
    async with databases.fresh(SERVICE) as dsns:
        database = Database(dsns.app, read_clock=clock)
        await database.open()
        toy = Toy(database, clock, dsns.owner)
        await toy.as_owner(EFFECT)
        try:
            yield toy
        finally:
            await database.close()
