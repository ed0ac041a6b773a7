"""The proving yard: a database, a topic, processes that write, relay and consume, and a verdict."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TypeAlias
from urllib.parse import urlsplit

import asyncpg
import psutil

from shared.clock import now
from shared.db.database import Database
from tests.proof import load, worker
from tests.proof.oracle import Seen, Verdict, judge
from tests.proof.wire import Wire, wire_of
from tests.proof.worker import Child, Place, Role
from tests.support.databases import Databases
from tests.support.waiting import until

HOLDERS = """
    SELECT DISTINCT held.pid, session.client_port FROM pg_locks AS held
    JOIN pg_stat_activity AS session USING (pid)
    WHERE locktype = 'advisory' AND held.granted AND session.datname = current_database()
        AND session.application_name = 'tongzhou-relay'
"""
END_RELAYS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'tongzhou-relay'
        AND client_port = ANY($1::integer[])
"""
QUIET_S = 15.0
"""A run that shows nothing new for so long is over, complete or not."""


Session: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Yard:
    """One run's place; its consumer, its aggregates and its database are its own."""

    def __init__(
        self,
        database: Database,
        *,
        owner: Session,
        admin: Session,
        wire: Wire,
        bootstrap_servers: str,
        run: int,
    ) -> None:
        self.database = database
        self.owner = owner
        self._admin = admin
        self.wire = wire
        self.run = run
        self.place = Place(database.dsn, bootstrap_servers, f"proof{run}", run)
        self._children: list[Child] = []

    async def lay_out(self) -> None:
        """Create the aggregates, and let the consumer begin where the topic ends."""
        await self.owner.execute(load.TABLES)
        await self.owner.executemany(
            "INSERT INTO aggregate VALUES ($1, 0)",
            [(load.subject_of(self.run, number),) for number in range(load.AGGREGATES)],
        )
        await self.owner.executemany(
            "INSERT INTO consumer_offset VALUES ($1, $2, $3, $4, $5)",
            [
                (self.place.consumer, load.TOPIC, partition, start, now())
                for partition, start in self.wire.starts.items()
            ],
        )

    def start(self, role: Role, **named: object) -> Child:
        """Start a process of the proof."""
        child = Child(role, self.place, **named)
        self._children.append(child)
        return child

    async def write(self, *, events: int, seed: str, processes: int = 1) -> dict[str, int]:
        """Let writers commit so many events; returns what they say they did."""
        children = [
            self.start(
                worker.write,
                seed=f"{seed}-{number}",
                writers=load.WRITERS // processes,
                events=events // processes,
            )
            for number in range(processes)
        ]
        said = [asdict(await child.answer()) for child in children]
        return {name: sum(one[name] for one in said) for name in said[0]}

    async def leaseholder(self) -> Child | None:
        """Return the relay process that holds leases, if one does."""
        ports = {row["client_port"] for row in await self._admin.fetch(HOLDERS)}
        for child in self._children:
            if child.alive and ports & _ports_of(child):
                return child
        return None

    async def succession(self, dead: Child, *, within_s: float) -> float:
        """Wait until another relay holds the leases; returns the seconds it took."""
        began = time.monotonic()

        async def taken() -> bool:
            holder = await self.leaseholder()
            return holder is not None and holder.pid != dead.pid

        await until(taken, what="another relay holds the leases", deadline_s=within_s)
        return time.monotonic() - began

    async def cut_off(self, relay: Child) -> None:
        """End a relay's sessions at the server, which takes its machine for gone."""
        await self._admin.fetch(END_RELAYS, list(_ports_of(relay)))

    async def committed(self) -> dict[str, int]:
        """Return the last committed version per aggregate."""
        rows = await self.owner.fetch("SELECT id, version FROM aggregate")
        return {row["id"]: row["version"] for row in rows}

    async def outbox(self) -> int:
        """Count what has not left yet."""
        depth: int = await self.owner.fetchval("SELECT count(*) FROM outbox")
        return depth

    async def settle(self, *, effects: bool = True) -> None:
        """Wait until all of it has arrived, or until nothing moves any more."""
        wanted = sum((await self.committed()).values())
        last, since = (-1, -1, -1), time.monotonic()
        while time.monotonic() - since < QUIET_S:
            done = await self.owner.fetchval("SELECT count(*) FROM effect")
            state = (len(set(self.wire.seen)), done, await self.outbox())
            if state[0] >= wanted and state[2] == 0 and (not effects or done >= wanted):
                return
            if state != last:
                last, since = state, time.monotonic()
            await asyncio.sleep(0.1)

    async def verdict(self, *, effects: bool = True) -> Verdict:
        """Judge what was committed, sent and applied."""
        rows = await self.owner.fetch(
            "SELECT subject, sequence, event_id FROM effect ORDER BY place"
        )
        noted = [Seen(row["subject"], row["sequence"], str(row["event_id"])) for row in rows]
        return judge(await self.committed(), self.wire.seen, noted if effects else None)

    async def end(self) -> None:
        """Kill what still runs."""
        for child in self._children:
            await child.end()


def _ports_of(child: Child) -> set[int]:
    try:
        return {connection.laddr.port for connection in psutil.Process(child.pid).net_connections()}
    except psutil.Error:
        return set()


@asynccontextmanager
async def yard_on(databases: Databases, bootstrap_servers: str, run: int) -> AsyncIterator[Yard]:
    """Lend a yard."""
    async with databases.fresh("registry") as dsns, wire_of(bootstrap_servers, load.TOPIC) as wire:
        database = Database(dsns.app)
        await database.open()
        owner = await asyncpg.connect(dsns.owner)
        place = urlsplit(dsns.owner).path
        admin = await asyncpg.connect(urlsplit(databases.admin_dsn)._replace(path=place).geturl())
        yard = Yard(
            database,
            owner=owner,
            admin=admin,
            wire=wire,
            bootstrap_servers=bootstrap_servers,
            run=run,
        )
        try:
            await yard.lay_out()
            yield yard
        finally:
            await yard.end()
            await asyncio.gather(owner.close(), admin.close(), database.close())
