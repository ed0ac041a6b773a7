"""Debezium Server with its outbox event router: fetched, checked, and run beside ours.

Its settings follow its documentation for low latency and high throughput: it polls its queue every
5 ms, takes batches of 8,192 from a queue of 32,768, and waits for the broker longer than any outage
here. It reads the write-ahead log, so that its rows cost no reading of the table.
"""

import os
import shutil
import tarfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from bench.ground import Ground, until
from bench.peers.tables import PEERS
from deploy.local import kafka_jars, places
from deploy.local.kafka import java
from deploy.local.kafka_jars import Jar
from deploy.local.locks import locked
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.processes import Child
from shared.db.database import Row
from shared.db.provision import ServiceDsns

VERSION = "3.6.0.Final"
LISTING = Path(__file__).with_name(f"debezium-{VERSION}.sha256")
SLOT = "bench_debezium"
READY_TIMEOUT_S = 60.0
JVM_OPTIONS = ("-Xmx1g", "-Djava.awt.headless=true")
NEEDED = ("debezium-server/lib/", f"debezium-server/debezium-server-dist-{VERSION}-runner.jar")
HEADERS = ("specversion", "source", "time", "datacontenttype", "correlationid", "traceparent")


def archive() -> Jar:
    """Return the distribution with the digest that is committed."""
    (listed,) = kafka_jars.listed_jars(LISTING)
    return replace(listed, packaging="tar.gz")


def ensure() -> Path:
    """Return the unpacked distribution, fetching it once per machine."""
    place = places.cache_dir() / f"debezium-server-{VERSION}"
    with locked(places.cache_dir() / "debezium.lock"):
        if place.exists():
            return place
        partial = place.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        source = kafka_jars.checked(archive())
        with tarfile.open(source) as packed:
            wanted = (member for member in packed if member.name.startswith(NEEDED))
            packed.extractall(partial, members=wanted, filter="data")
        (partial / "debezium-server").rename(place)
        partial.rmdir()
        source.unlink()
    return place


def sink(servers: str) -> Mapping[str, str]:
    """Return how it gives its records to the broker: as ours does."""
    return {
        "producer.bootstrap.servers": servers,
        "producer.key.serializer": "org.apache.kafka.common.serialization.StringSerializer",
        "producer.value.serializer": "org.apache.kafka.common.serialization.ByteArraySerializer",
        "producer.acks": "all",
        "producer.enable.idempotence": "true",
        "producer.compression.type": "lz4",
        "producer.batch.size": "262144",
        "producer.linger.ms": "0",
        "wait.message.delivery.timeout.ms": "180000",
    }


def settings(ground: Ground, database: str, topic: str, directory: Path) -> Mapping[str, str]:
    """Return what its configuration file says."""
    admin = urlsplit(ground.admin_dsn)
    source = {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "offset.storage": "org.apache.kafka.connect.storage.FileOffsetBackingStore",
        "offset.storage.file.filename": str(directory / "offsets"),
        "offset.flush.interval.ms": "1000",
        "database.hostname": LOOPBACK,
        "database.port": str(admin.port),
        "database.user": str(admin.username),
        "database.password": str(admin.password),
        "database.dbname": database,
        "topic.prefix": "bench",
        "plugin.name": "pgoutput",
        "publication.autocreate.mode": "filtered",
        "slot.name": SLOT,
        "table.include.list": f"public.{PEERS['debezium'].table}",
        "snapshot.mode": "no_data",
        "tombstones.on.delete": "false",
        "poll.interval.ms": "5",
        "max.batch.size": "8192",
        "max.queue.size": "32768",
    }
    router = {
        "type": "io.debezium.transforms.outbox.EventRouter",
        "route.topic.replacement": topic,
        "table.fields.additional.placement": ",".join(
            ["type:header", *(f"{name}:header" for name in HEADERS)]
        ),
    }
    return {
        "debezium.sink.type": "kafka",
        **{
            f"debezium.sink.kafka.{name}": value
            for name, value in sink(ground.kafka.bootstrap_servers).items()
        },
        **{f"debezium.source.{name}": value for name, value in source.items()},
        "debezium.format.key": "simplestring",
        "debezium.format.value": "binary",
        "debezium.format.header": "json",
        "debezium.transforms": "outbox",
        **{f"debezium.transforms.outbox.{name}": value for name, value in router.items()},
        "quarkus.http.host": LOOPBACK,
        "quarkus.http.port": str(free_port()),
        "quarkus.log.level": "WARN",
        "quarkus.log.console.json": "false",
    }


@asynccontextmanager
async def running(ground: Ground, dsns: ServiceDsns, topic: str) -> AsyncIterator[Child]:
    """Run it on a database that gets its table; it streams when this yields."""
    database = urlsplit(dsns.owner).path.removeprefix("/")
    owner = await asyncpg.connect(dsns.owner)
    await owner.execute(PEERS["debezium"].schema)
    await owner.close()
    home = ground.directory / "debezium"
    (home / "config").mkdir(parents=True)
    lines = (f"{name}={value}\n" for name, value in settings(ground, database, topic, home).items())
    (home / "config" / "application.properties").write_text("".join(lines), encoding="ascii")
    child = Child(
        name="debezium",
        argv=[str(java()), *JVM_OPTIONS, "-cp", class_path(ensure()), "io.debezium.server.Main"],
        log=ground.directory / "logs" / "debezium.log",
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC", "HOME": os.devnull},
        cwd=home,
    )
    admin = await asyncpg.connect(ground.admin_dsn, database=database)
    child.start()
    try:
        await until(
            lambda: _streams(admin, child),
            what="debezium streams",
            deadline_s=READY_TIMEOUT_S,
        )
        yield child
    finally:
        child.kill()
        await _forget_slot(admin)
        await admin.close()
        shutil.rmtree(home)


def class_path(place: Path) -> str:
    """Return its class path as its own start script makes it."""
    runner = place / f"debezium-server-dist-{VERSION}-runner.jar"
    return os.pathsep.join((str(runner), str(place / "lib" / "*")))


async def _streams(admin: "asyncpg.Connection[Row]", child: Child) -> bool:
    if not child.running:
        raise child.death()
    active: bool = await admin.fetchval(
        "SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1 AND active)", SLOT
    )
    return active


async def _forget_slot(admin: "asyncpg.Connection[Row]") -> None:
    async def free() -> bool:
        active: bool = await admin.fetchval(
            "SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1 AND active)",
            SLOT,
        )
        return not active

    await until(free, what="debezium's slot is free", deadline_s=READY_TIMEOUT_S)
    await admin.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1",
        SLOT,
    )
