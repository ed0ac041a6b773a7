"""What is hurt: a stack of its own, real service processes, and the proxies between them."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx

from deploy.local.clients import CLIENTS
from deploy.local.issuer import Issuer
from deploy.local.kafka import EmbeddedKafka
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.processes import Child
from deploy.local.services import Surroundings, service_child
from deploy.local.stack import Stack, StackName
from shared.db import migrations
from shared.db.provision import ServiceDsns, provision
from shared.messaging.kafka import KafkaSettings
from shared.messaging.topics import ensure_topics
from tests.chaos.proxy import Kafka, Postgres, Proxy
from tests.chaos.served import DIRECTORY, PLANT
from tests.support.databases import APP_PASSWORD, OWNER_PASSWORD
from tests.support.waiting import until

READY_S = 60.0
STOP_GRACE_S = 12.0


@dataclass(slots=True)
class World:
    """The stack, the proxies and the services of one run."""

    directory: Path
    names: Sequence[str]
    seed: str
    plant: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    """More environment of the services."""
    postgres: EmbeddedPostgres = field(init=False)
    broker: EmbeddedKafka = field(init=False)
    issuer: Issuer = field(init=False)
    kafka_proxy: Proxy = field(init=False)
    database_proxies: dict[str, Proxy] = field(default_factory=dict, init=False)
    databases: dict[str, ServiceDsns] = field(default_factory=dict, init=False)
    services: dict[str, Child] = field(default_factory=dict, init=False)
    ports: dict[str, int] = field(default_factory=dict, init=False)
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        """Choose ports and lay out what is not started yet."""
        logs = self.directory / "logs"
        kafka_port = free_port()
        self.postgres = EmbeddedPostgres(self.directory, log=logs / "postgres.log", durable=False)
        self.broker = EmbeddedKafka(
            self.directory, log=logs / "kafka.log", advertised=f"{LOOPBACK}:{kafka_port}"
        )
        self.kafka_proxy = Proxy(
            port=kafka_port, upstream_port=self.broker.port, dialect=Kafka(), seed=self.seed
        )
        self.issuer = Issuer(CLIENTS)
        for name in self.names:
            self.database_proxies[name] = Proxy(
                port=free_port(),
                upstream_port=self.postgres.port,
                dialect=Postgres(),
                seed=self.seed,
            )
            self.ports[name] = free_port()
        self.http = httpx.AsyncClient(
            trust_env=False, limits=httpx.Limits(max_keepalive_connections=20)
        )

    @property
    def kafka(self) -> KafkaSettings:
        """The broker as the checks reach it."""
        return KafkaSettings(self.broker.bootstrap_servers, "chaos-observer")

    async def start(self) -> None:
        """Start everything and wait until every service is ready."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for proxy in (self.kafka_proxy, *self.database_proxies.values()):
            await proxy.start()
        for server in (self.postgres, self.broker):
            server.prepare(lambda _: None)
            server.launch()
        self.issuer.start()
        await asyncio.to_thread(self.postgres.wait_ready)
        await self._make_databases()
        await asyncio.to_thread(self.broker.wait_ready)
        await ensure_topics(self.broker.bootstrap_servers)
        for name in self.names:
            self.services[name] = self.child(name, "all", self.ports[name])
            self.services[name].start()
        for name in self.names:
            await self.wait_ready(name)

    async def _make_databases(self) -> None:
        for name in self.names:
            made = await provision(
                self.postgres.admin_dsn,
                name,
                owner_password=OWNER_PASSWORD,
                app_password=APP_PASSWORD,
            )
            await migrations.upgrade_async(name, made.owner)
            self.databases[name] = made

    def child(self, name: str, role: str, port: int, *, log: str = "") -> Child:
        """Return a process of a service, which reaches its servers through the proxies."""
        around = Surroundings(
            stack=Stack(StackName.EMBEDDED, "chaos", self.postgres, self.broker),
            issuer=self.issuer,
            databases={name: _through(self.databases[name], self.database_proxies[name].port)},
            ports={name: port},
            logs=self.directory / "logs",
        )
        child = service_child(name, around)
        child.argv = [sys.executable, "-m", "tests.chaos.served", name, role]
        child.env = {
            **child.env,
            **self.settings,
            DIRECTORY: str(self.directory),
            PLANT: self.plant,
        }
        child.log = child.log.with_name(f"{log or name}.log")
        return child

    def url(self, name: str) -> str:
        """Return the address of a service."""
        return f"http://{LOOPBACK}:{self.ports[name]}"

    async def is_ready(self, name: str) -> bool:
        """Tell whether a service answers 200 on /readyz."""
        try:
            answer = await self.http.get(f"{self.url(name)}/readyz", timeout=3)
        except httpx.HTTPError:
            return False
        return answer.is_success

    async def wait_ready(self, name: str) -> None:
        """Wait until a service is ready."""
        await until(lambda: self.is_ready(name), what=f"{name} is ready", deadline_s=READY_S)

    async def connect(self, name: str) -> "asyncpg.Connection[asyncpg.Record]":
        """Connect to a service's database as the superuser, past the proxies."""
        parts = urlsplit(self.postgres.admin_dsn)
        connection = await asyncpg.connect(urlunsplit(parts._replace(path=f"/{name}")), timeout=10)
        await connection.set_type_codec(
            "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads
        )
        return connection

    def set_clock(self, name: str, offset_s: float) -> None:
        """Let a service's clock be wrong by so much from now on."""
        target = self.directory / f"{name}.offset"
        partial = target.with_suffix(".partial")
        partial.write_text(str(offset_s), encoding="ascii")
        partial.replace(target)

    def probe(self, name: str) -> dict[str, int]:
        """Return what a service says of its tasks, file descriptors and memory."""
        file = self.directory / f"{self.services[name].pid}.probe"
        found: dict[str, int] = json.loads(file.read_text(encoding="ascii"))
        return found

    async def stop(self) -> None:
        """End everything that this run started."""
        for child in self.services.values():
            child.thaw()
            child.kill()
        for server in (self.broker, self.postgres):
            server.thaw()
            await asyncio.to_thread(server.stop)
        for proxy in (self.kafka_proxy, *self.database_proxies.values()):
            await proxy.stop()
        self.issuer.stop()
        await self.http.aclose()


def _through(dsns: ServiceDsns, port: int) -> ServiceDsns:
    return ServiceDsns(owner=dsns.owner, app=_at_port(dsns.app, port))


def _at_port(dsn: str, port: int) -> str:
    parts = urlsplit(dsn)
    place = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{place}@{LOOPBACK}:{port}"))
