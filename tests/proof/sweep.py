"""The crash sweep: a walk that dies at a point, a clean restart, and the invariants after it.

All walks share one database and one topic, so that what one crash left behind would be found after
every later one, too.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from typing import TypeAlias
from uuid import UUID

import asyncpg
from starlette.responses import Response

from shared import clock
from shared.db.database import Database
from shared.events.envelope import EVENT_TYPES
from shared.messaging.apply import Applier
from shared.messaging.kafka import KafkaSettings
from shared.messaging.records import Record
from shared.messaging.relay import Relay
from tests.proof import town, victims
from tests.proof.wire import Log, log_of
from tests.proof.worker import Child, Place
from tests.support.databases import Databases
from tests.support.waiting import until

Session: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
OPERATIONS = "registry.operation.executed.v1"
CURE = """
    UPDATE parked_event SET payload =
        convert_to(replace(convert_from(payload, 'UTF8'), $1, $2), 'UTF8')
"""
LEFT = (
    "SELECT (SELECT count(*) FROM outbox) + "
    "(SELECT count(*) FROM outbox_scheduled WHERE not_before <= $1)"
)


class Sweep:
    """The town, its processes, and what must hold of it at rest."""

    def __init__(
        self, place: Place, database: Database, *, owner: Session, log: Log, told: Log
    ) -> None:
        self.place = place
        self.database = database
        self._owner = owner
        self.log = log
        self._told = told
        self.appliers = (
            town.ledger(database, place.consumer),
            town.clerk(database, place.consumer),
        )
        self._numbers = count(1)
        self._relaying: asyncio.Task[None] | None = None
        self.booked: Counter[str] = Counter()
        """Events that each account must have, by what callers were told or sent again."""

    async def lay_out(self) -> None:
        """Create the town; its consumers begin where the topic ends."""
        await self._owner.execute(town.TABLES)
        await self._owner.executemany(
            "INSERT INTO consumer_offset VALUES ($1, $2, $3, $4, $5)",
            [
                (applier.consumer, town.TOPIC, partition, start, clock.now())
                for applier in self.appliers
                for partition, start in self.log.starts.items()
            ],
        )

    def relay_on(self) -> None:
        """Let a clean relay run."""
        settings = KafkaSettings(self.place.bootstrap_servers, "sweep")
        relay = Relay(self.place.dsn, settings, wake=self.database.published, read_clock=clock.now)
        self._relaying = asyncio.create_task(relay.run())

    async def relay_off(self) -> None:
        """Stop the clean relay: a victim takes its place."""
        if self._relaying is not None:
            self._relaying.cancel()
            await asyncio.gather(self._relaying, return_exceptions=True)

    async def open_accounts(self, number: int) -> list[str]:
        """Open fresh accounts with the same balance."""
        names = [f"91{self.place.run:08d}{next(self._numbers):08d}" for _ in range(number)]
        async with self.database.transaction() as work:
            await work.executemany(
                "INSERT INTO account VALUES ($1, $2)", [(n, town.OPENING_FEN) for n in names]
            )
        return names

    async def book(self, *entries: tuple[str, str]) -> None:
        """Book entries, each in a transaction of its own, and one due promise with the first."""
        for place, (account, name) in enumerate(entries):
            async with self.database.transaction() as work:
                await town.entry(work, account, name)
                if place == 0:
                    await town.schedule(work, town.fact(account, "due"))
            self.booked[account] += 1

    async def crash(self, path: str, point: str | None, *arguments: object) -> list[str]:
        """Walk a path and die at the point; without one, return the points that it has."""
        child = Child(victims.walk, self.place, path, point, *arguments)
        points: list[str] | None = await child.answer(within_s=60)
        status = await child.ended()
        if point is not None and status != -9:
            raise AssertionError(f"{point} was never reached: exit {status}, passed {points}")
        if point is None and points is None:
            raise AssertionError(f"the walk of {path} ended by itself with {status}")
        return points or []

    async def fresh_records(self, applier: Applier) -> dict[int, list[Record]]:
        """Return, per partition, what a consumer has not applied."""
        await self.log.catch_up()
        stored = await self._stored(applier.consumer)
        return {
            partition: fresh
            for partition, start in self.log.starts.items()
            if (fresh := self.log.records[partition][stored[partition] - start :])
        }

    async def arrived(self, number: int) -> dict[int, list[Record]]:
        """Wait until so many new records stand on the topic; returns what the ledger has not."""

        async def all_there() -> bool:
            batches = await self.fresh_records(self.appliers[0])
            return sum(len(batch) for batch in batches.values()) >= number

        await until(all_there, what=f"{number} records")
        return await self.fresh_records(self.appliers[0])

    async def told_of(self, operation: UUID) -> int:
        """Count the events that tell of an operation, once all of them have left."""
        await self._all_sent()
        await self._told.catch_up()
        return len({id_ for subject, _, id_ in self._told.sequenced() if subject == str(operation)})

    async def _all_sent(self) -> None:
        async def sent() -> bool:
            return not await self._owner.fetchval(LEFT, clock.now() + timedelta(seconds=1))

        await until(sent, what="the outbox is empty")

    async def settle(self) -> None:
        """Let clean processes bring everything to rest."""
        while True:
            await self._all_sent()
            done = 0
            for applier in self.appliers:
                for batch in (await self.fresh_records(applier)).values():
                    await applier.apply(batch, position=batch[0].offset)
                    done += len(batch)
            if not done:
                return

    async def cure(self) -> None:
        """Mend what is parked, so that a redrive succeeds."""
        await self._owner.execute(CURE, town.POISON, town.CURED)

    async def parked_keys(self) -> list[str]:
        """Return the keys that are held."""
        return [row["key"] for row in await self._owner.fetch("SELECT key FROM parked_key")]

    async def _stored(self, consumer: str) -> dict[int, int]:
        rows = await self._owner.fetch(
            "SELECT partition, next_offset FROM consumer_offset WHERE consumer = $1", consumer
        )
        return {row["partition"]: row["next_offset"] for row in rows}

    async def rows(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Read the town's tables."""
        return await self._owner.fetch(sql, *arguments)

    async def broken(self) -> list[str]:
        """Return what does not hold of the town at rest, by the invariants' names."""
        found = [*await self._money(), *await self._order_on_the_wire()]
        return [*found, *await self._effects(), *await self._accounting(), *await self._process()]

    async def broken_by(self, tampering: str) -> list[str]:
        """Return what would be broken after a statement, which is undone."""
        change = self._owner.transaction()
        await change.start()
        try:
            await self._owner.execute(tampering)
            return await self.broken()
        finally:
            await change.rollback()

    async def _money(self) -> list[str]:
        """I1: no fen is made or lost, and the read model says the same as the ledger."""
        rows = await self.rows(
            "SELECT id, balance_fen - $1 AS moved, version, "
            "coalesce((SELECT p.balance_fen FROM projected AS p WHERE p.id = a.id), 0) AS seen, "
            "EXISTS (SELECT FROM parked_key WHERE key = id) AS held FROM account AS a",
            town.OPENING_FEN,
        )
        found = [
            f"I1 money: {row['id']} moved {row['moved']} and shows {row['seen']}"
            for row in rows
            if row["moved"] != row["seen"] and not row["held"]
        ]
        found += [
            f"I3 acknowledged: {row['id']} has {row['version']} of {self.booked[row['id']]} events"
            for row in rows
            if row["version"] != self.booked[row["id"]]
        ]
        if sum(row["moved"] for row in rows) != 0:
            found.append("I1 money: the balances do not sum up")
        return found

    async def _order_on_the_wire(self) -> list[str]:
        """I3, I4, I5: every committed event, none else, in the order of its aggregate."""
        versions = {
            row["id"]: row["version"] for row in await self.rows("SELECT id, version FROM account")
        }
        versions |= {
            town.process_subject(row["id"]): row["version"]
            for row in await self.rows("SELECT id, version FROM process")
        }
        firsts: defaultdict[str, list[int]] = defaultdict(list)
        for subject, sequence, _ in dict.fromkeys(self.log.sequenced()):
            firsts[subject].append(sequence)
        found = [
            f"I5 order: {subject} is on the wire as {firsts[subject]}, committed are {last}"
            for subject, last in versions.items()
            if firsts[subject] != list(range(1, last + 1))
        ]
        found += [f"I4 phantom: {subject}" for subject in firsts if subject not in versions]
        promised = {str(row[0]) for row in await self.rows("SELECT event_id FROM promised")}
        sent = set(self.log.unsequenced())
        if promised != sent:
            found.append(f"I3, I4 promised {len(promised)}, sent {len(sent)}")
        return found

    async def _effects(self) -> list[str]:
        """I2, I5: each event once in effect, in order."""
        rows = await self.rows("SELECT event_id, subject, sequence FROM effect ORDER BY place")
        taken: defaultdict[str, list[int]] = defaultdict(list)
        for row in rows:
            if row["sequence"] is not None:
                taken[row["subject"]].append(row["sequence"])
        found = [
            f"I2, I5 effects of {subject}: {sequences}"
            for subject, sequences in taken.items()
            if sequences != list(range(1, len(sequences) + 1))
        ]
        if len({row["event_id"] for row in rows}) != len(rows):
            found.append("I2 an event took effect twice")
        return found

    async def _accounting(self) -> list[str]:
        """I6, I7, I9: all is consumed, and each record is applied, a duplicate, or parked."""
        consumer = self.appliers[0].consumer
        applied = {str(row[0]) for row in await self.rows("SELECT event_id FROM effect")}
        parked = {
            (row["partition"], row["record_offset"])
            for row in await self.rows(
                "SELECT partition, record_offset FROM parked_event WHERE consumer = $1", consumer
            )
        }
        found = []
        for applier in self.appliers:
            stored = await self._stored(applier.consumer)
            found += [
                f"I6, I7 partition {partition} stands at {stored[partition]}"
                for partition, records in self.log.records.items()
                if stored[partition] != self.log.starts[partition] + len(records)
            ]
        for partition, records in self.log.records.items():
            ids = {_id_of(r) for r in records if (partition, r.offset) not in parked}
            if ids - applied:
                found.append(f"I7, I9 consumed and nowhere: {len(ids - applied)} in {partition}")
        return found

    async def _process(self) -> list[str]:
        """The clerk has taken each event of an account once, in order, and ended no turn twice."""
        order: defaultdict[str, list[str]] = defaultdict(list)
        for record in dict.fromkeys(
            (r.headers["ce_subject"].decode(), _id_of(r))
            for records in self.log.records.values()
            for r in records
            if r.headers["ce_type"].endswith(b"registered.v1")
        ):
            order[record[0]].append(record[1])
        rows = await self.rows("SELECT id, state, version FROM process")
        states = {row["id"]: town.Ledgered.model_validate_json(row["state"]) for row in rows}
        return [
            f"process {subject} took {len(states[subject].taken)} of {len(ids)} events"
            for subject, ids in order.items()
            if subject not in states or [str(i) for i in states[subject].taken] != ids
        ]


def _id_of(record: Record) -> str:
    return record.headers["ce_id"].decode()


async def answer_of(sweep: Sweep, key: str, body: town.Transfer) -> Response:
    """Send a command from a clean process."""
    return await town.send_command(sweep.database, key, body)


def flat(batches: Mapping[int, Sequence[Record]]) -> list[Record]:
    """Return the one batch that there is."""
    (only,) = batches.values()
    return list(only)


@asynccontextmanager
async def sweep_on(databases: Databases, bootstrap_servers: str, run: int) -> AsyncIterator[Sweep]:
    """Lend a town at rest, with a clean relay."""
    async with (
        databases.fresh("registry") as dsns,
        log_of(bootstrap_servers, town.TOPIC) as log,
        log_of(bootstrap_servers, EVENT_TYPES[OPERATIONS].topic()) as told,
    ):
        database = Database(dsns.app)
        await database.open()
        owner = await asyncpg.connect(dsns.owner)
        place = Place(dsns.app, bootstrap_servers, f"sweep{run}", run)
        sweep = Sweep(place, database, owner=owner, log=log, told=told)
        try:
            await sweep.lay_out()
            sweep.relay_on()
            yield sweep
        finally:
            await sweep.relay_off()
            await owner.close()
            await database.close()
