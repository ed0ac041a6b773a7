"""Fixtures that every kind of test shares: the stack, databases, and services in process."""

import importlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, settings
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from deploy.local.stack import Stack, resolve_stack
from shared import telemetry
from shared.db.database import Database
from shared.runner import Service
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.service import ServiceUnderTest, build
from tests.support.traces import TraceLog

# A busy machine makes drawing slow, which is no fault of a property; a failure prints its seed.
settings.register_profile(
    "tongzhou", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("tongzhou")

ServiceFactory = Callable[[str], Awaitable[ServiceUnderTest]]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A real PostgreSQL and a real Kafka, from wherever the resolver takes them."""
    with resolve_stack(run_dir=tmp_path_factory.mktemp("stack"), durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def databases(stack: Stack) -> Databases:
    """Databases on the run's PostgreSQL."""
    return Databases(stack.admin_dsn, prefix=f"test_{os.getpid()}")


@pytest.fixture(scope="session")
def traces() -> Iterator[TraceLog]:
    """The spans of this process: providers are installed once, and their spans are kept."""
    exporter = InMemorySpanExporter()
    provider = telemetry.set_up("test", otlp_endpoint=None, exporter=exporter)
    yield TraceLog(provider, exporter)
    provider.shutdown()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until a test moves it."""
    return ManualClock()


@pytest.fixture
async def service_of(databases: Databases, clock: ManualClock) -> AsyncIterator[ServiceFactory]:
    """A factory of services in process: ``await service_of("registry")``."""
    async with AsyncExitStack() as resources:

        async def make(name: str) -> ServiceUnderTest:
            service: Service = importlib.import_module(f"services.{name}.app").SERVICE
            dsns = await resources.enter_async_context(databases.lent(name))
            database = Database(dsns.app, read_clock=clock)
            await database.open()
            resources.push_async_callback(database.close)
            made = build(service, database, clock)
            resources.push_async_callback(made.client.aclose)
            return made

        yield make
