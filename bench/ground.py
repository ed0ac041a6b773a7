"""The ground of a run: a stack of its own that syncs to disk, databases and topics on it."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import asyncpg

from bench.measuring import Say
from deploy.local.kafka import EmbeddedKafka
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.processes import Child
from shared.db import migrations
from shared.db.provision import ServiceDsns, provision
from shared.events.catalogue import PARTITIONS
from shared.messaging import kafka
from shared.messaging.kafka import KafkaSettings, TopicPartition

SERVICE = "registry"
POSTGRES_SETTINGS = {
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "wal_level": "logical",
    "shared_preload_libraries": "pg_stat_statements",
}
"""A server with memory for a backlog; logical WAL, because one of the peers reads it."""


async def until(holds: Callable[[], Awaitable[bool]], *, what: str, deadline_s: float) -> None:
    """Look every ten milliseconds until something holds; raise TimeoutError naming it."""
    end = time.monotonic() + deadline_s
    while not await holds():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {deadline_s:.0f} s: {what}")
        await asyncio.sleep(0.01)


@dataclass(slots=True)
class Ground:
    """PostgreSQL, Kafka, and what the experiments need of them."""

    directory: Path
    repetitions: int
    peers: bool
    say: Say
    postgres: EmbeddedPostgres = field(init=False)
    kafka: EmbeddedKafka = field(init=False)
    _passwords: dict[str, tuple[str, str]] = field(default_factory=dict, init=False)
    _numbers: "count[int]" = field(default_factory=lambda: count(1), init=False)

    def __post_init__(self) -> None:
        """Choose ports; nothing is started yet."""
        logs = self.directory / "logs"
        self.postgres = EmbeddedPostgres(
            self.directory, log=logs / "postgres.log", more=POSTGRES_SETTINGS
        )
        self.kafka = EmbeddedKafka(self.directory, log=logs / "kafka.log")

    def start(self) -> None:
        """Start both servers and wait for them."""
        for server in (self.postgres, self.kafka):
            server.prepare(self.say)
            server.launch()
            server.wait_ready()

    def stop(self) -> None:
        """Stop both servers."""
        try:
            self.kafka.stop()
        finally:
            self.postgres.stop()

    @property
    def admin_dsn(self) -> str:
        """The superuser's address."""
        return self.postgres.admin_dsn

    @property
    def broker(self) -> KafkaSettings:
        """How to reach the broker."""
        return KafkaSettings(self.kafka.bootstrap_servers, "bench")

    def families(self, **more: Child) -> dict[str, int]:
        """Return the leaders of the process families whose cost is read."""
        leaders = {**more, "postgres": self.postgres.child, "kafka": self.kafka.child}
        return {name: child.pid for name, child in leaders.items() if child.pid is not None}

    @asynccontextmanager
    async def database(self, service: str = SERVICE) -> AsyncIterator[ServiceDsns]:
        """Lend an empty, migrated database of a service, dropped afterwards."""
        name = f"bench_{service}_{next(self._numbers)}"
        # The roles are the server's: databases of one service have them in common.
        made = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        owner_password, app_password = self._passwords.setdefault(service, made)
        dsns = await provision(
            self.admin_dsn,
            service,
            owner_password=owner_password,
            app_password=app_password,
            database=name,
        )
        await migrations.upgrade_async(service, dsns.owner)
        try:
            yield dsns
        finally:
            await self.administer(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def administer(self, statement: str) -> None:
        """Run one statement as the superuser."""
        admin = await asyncpg.connect(self.admin_dsn)
        try:
            await admin.execute(statement)
        finally:
            await admin.close()

    async def topic(self, label: str = "topic") -> str:
        """Make a topic that nobody has used."""
        name = f"tongzhou.bench.{label}-{next(self._numbers)}.v1"
        await kafka.create_topics(self.broker, [(name, PARTITIONS, {})], replication_factor=1)
        return name

    async def forget(self, topics: Sequence[str]) -> None:
        """Delete topics with what they hold."""
        client = kafka.admin(self.broker)
        await client.start()
        try:
            await client.delete_topics(list(topics))
        finally:
            await client.close()


class Ends:
    """Watches how many records a topic holds, at little cost to anybody."""

    def __init__(self, broker: KafkaSettings, topic: str) -> None:
        """Nothing is read before :meth:`count`."""
        self._client = kafka.reader(broker)
        self._partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]

    async def __aenter__(self) -> "Ends":
        """Connect."""
        await self._client.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Disconnect."""
        await self._client.stop()

    async def count(self) -> int:
        """Return the sum of the partitions' ends."""
        ends = await self._client.end_offsets(self._partitions)
        return sum(ends.values())

    async def until(self, wanted: int, *, deadline_s: float) -> None:
        """Wait until the topic holds so many records."""

        async def there() -> bool:
            return await self.count() >= wanted

        await until(there, what=f"{wanted} records", deadline_s=deadline_s)
