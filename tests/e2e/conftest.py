"""The whole running city: real PostgreSQL and Kafka, the five services as their own processes."""

from collections.abc import AsyncIterator, Mapping
from functools import partial
from io import StringIO

import asyncpg
import pytest
from rich.console import Console

from deploy.local import handover, services
from deploy.local.clients import CLIENTS
from deploy.local.issuer import Issuer
from deploy.local.journeys.city import City
from deploy.local.journeys.loading import load
from deploy.local.journeys.stage import Stage
from deploy.local.journeys.timeline import Wire
from deploy.local.ports import SERVICE_OFFSETS, free_port
from deploy.local.services import Surroundings
from deploy.local.stack import Stack
from deploy.local.supervisor import Supervisor
from shared.db import migrations
from shared.db.provision import ServiceDsns, provision
from shared.events.catalogue import consumed_by
from shared.messaging import kafka
from shared.messaging.kafka import KafkaSettings, TopicPartition
from shared.messaging.topics import ensure_topics
from tests.support.databases import APP_PASSWORD, OWNER_PASSWORD


async def _databases(stack: Stack) -> dict[str, ServiceDsns]:
    """Make and migrate the five databases; roles are the cluster's, so all tests share theirs."""
    made = {}
    for service in SERVICE_OFFSETS:
        dsns = await provision(
            stack.admin_dsn, service, owner_password=OWNER_PASSWORD, app_password=APP_PASSWORD
        )
        await migrations.upgrade_async(service, dsns.owner)
        made[service] = dsns
    return made


async def _start_at_the_end(stack: Stack, databases: Mapping[str, ServiceDsns]) -> None:
    """Let the services read only what they publish themselves: the run shares its topics."""
    reader = kafka.reader(KafkaSettings(stack.bootstrap_servers, "test"))
    await reader.start()
    try:
        for service, dsns in databases.items():
            places = [
                TopicPartition(topic.name, number)
                for topic in consumed_by(service)
                for number in range(topic.partitions)
            ]
            ends = await reader.end_offsets(places) if places else {}
            connection = await asyncpg.connect(dsns.app)
            try:
                await connection.executemany(
                    "INSERT INTO consumer_offset VALUES ($1, $2, $3, $4, now())",
                    [(service, *place, end) for place, end in ends.items()],
                )
            finally:
                await connection.close()
    finally:
        await reader.stop()


@pytest.fixture(scope="package")
async def around(
    stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Surroundings]:
    """The five services, migrated and ready; they end with this package's tests."""
    await ensure_topics(stack.bootstrap_servers)
    databases = await _databases(stack)
    await _start_at_the_end(stack, databases)
    issuer = Issuer(CLIENTS)
    issuer.start()
    supervisor = Supervisor()
    made = Surroundings(
        stack=stack,
        issuer=issuer,
        databases=databases,
        ports={service: free_port() for service in SERVICE_OFFSETS},
        logs=tmp_path_factory.mktemp("logs"),
    )
    try:
        for service in made.ports:
            supervisor.start(services.service_child(service, made))
        for child in supervisor.children:
            ready = partial(services.is_ready, made.ports[child.name])
            child.wait_until(ready, timeout_s=services.READY_TIMEOUT_S)
        yield made
    finally:
        supervisor.stop()
        issuer.stop()


@pytest.fixture(scope="package")
async def stage(around: Surroundings) -> AsyncIterator[Stage]:
    """The city with its files imported, its funds open and its programmes active."""
    described = handover.describe(around)
    city = City(described["services"], described["clients"])
    wire = Wire(around.stack.bootstrap_servers)
    await wire.start()
    made = Stage(city, wire, Console(file=StringIO(), width=200))
    try:
        await load(made)
        yield made
    finally:
        await wire.stop()
        await city.close()
