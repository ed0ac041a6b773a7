"""Fixtures that every kind of test shares: the stack, databases, and services in process."""

import importlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from deploy.local.stack import Server, Stack, resolve_stack
from shared import telemetry
from shared.db.database import Database
from shared.runner import Service
from tests.support.clocks import ManualClock
from tests.support.databases import Databases
from tests.support.service import ServiceUnderTest, build
from tests.support.traces import TraceLog

# A busy machine makes drawing slow, which is no fault of a property; a failure prints its seed.
# `make mutation` runs a property many times in one process, each on another copy of its class.
settings.register_profile(
    "tongzhou",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
    print_blob=True,
)
settings.load_profile("tongzhou")

ServiceFactory = Callable[[str], Awaitable[ServiceUnderTest]]

WHOLE_MACHINE = frozenset({"chaos", "e2e", "integration", "proof"})
"""Folders whose tests run servers of their own or hurt them: one after another, on one worker."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests must share a worker, for a run with several (``make test``).

    Each worker has a PostgreSQL of its own; only one starts a broker. Tests of one file stay
    together, because they share the fixtures of their module.
    """
    root = Path(__file__).parent
    for item in items:
        path = item.path.relative_to(root)
        needs_broker = "stack" in getattr(item, "fixturenames", ())
        alone = needs_broker or path.parts[0] in WHOLE_MACHINE
        item.add_marker(pytest.mark.xdist_group("broker" if alone else path.as_posix()))


@contextmanager
def running(server: Server) -> Iterator[None]:
    """Run one server of the stack."""
    try:
        server.prepare(lambda _progress: None)
        server.launch()
        server.wait_ready()
        yield
    finally:
        server.stop()


@pytest.fixture(scope="session")
def resolved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack, from wherever the resolver takes it, with a real PostgreSQL running."""
    found = resolve_stack(run_dir=tmp_path_factory.mktemp("stack"), durable=False)
    with running(found.postgres):
        yield found


@pytest.fixture(scope="session")
def stack(resolved: Stack) -> Iterator[Stack]:
    """A real PostgreSQL and a real Kafka: most tests need no broker, and start none."""
    with running(resolved.kafka):
        yield resolved


@pytest.fixture(scope="session")
def databases(resolved: Stack) -> Databases:
    """Databases on the run's PostgreSQL."""
    return Databases(resolved.admin_dsn, prefix=f"test_{os.getpid()}")


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
