"""How long each role takes to end on SIGTERM, under each trouble of its servers."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from deploy.local.ports import free_port
from deploy.local.processes import Child
from deploy.local.services import is_ready
from tests.chaos.proxy import Behaviour
from tests.chaos.world import World
from tests.support.waiting import until

ROLES = (("registry", "api"), ("registry", "relay"), ("notify", "consume"), ("notify", "all"))
EXIT_WITHIN_S = 25.0
BUSY_S = 1.0
ROWS = 2000
FILL = """
    INSERT INTO outbox (shard, topic, key, event_id, type, subject, headers, payload, recorded_at)
    SELECT n % 16, 'tongzhou.registry.enterprise.v1', n::text, gen_random_uuid(), 'none', n::text,
        '\\x00', '', now()
    FROM generate_series(1, $1) AS n
"""
"""Records that consumers park: they have no type, and each is a transaction of its own."""

Trouble = Callable[[World], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def all_well(world: World) -> AsyncIterator[None]:
    """Nothing is wrong."""
    yield


@asynccontextmanager
async def broker_frozen(world: World) -> AsyncIterator[None]:
    """The broker's process is stopped (SIGSTOP)."""
    world.broker.freeze()
    yield
    world.broker.thaw()


@asynccontextmanager
async def broker_dead(world: World) -> AsyncIterator[None]:
    """Nothing listens on the broker's port."""
    world.broker.kill()
    yield
    world.broker.launch()
    await asyncio.to_thread(world.broker.wait_ready)


@asynccontextmanager
async def broker_half_open(world: World) -> AsyncIterator[None]:
    """Connections to the broker stay open and say nothing more."""
    world.kafka_proxy.behave(Behaviour(mute=True))
    yield
    world.kafka_proxy.heal()


@asynccontextmanager
async def database_frozen(world: World) -> AsyncIterator[None]:
    """PostgreSQL's processes are stopped (SIGSTOP)."""
    world.postgres.freeze()
    yield
    world.postgres.thaw()


@asynccontextmanager
async def database_half_open(world: World) -> AsyncIterator[None]:
    """Connections to PostgreSQL stay open and say nothing more."""
    for proxy in world.database_proxies.values():
        proxy.behave(Behaviour(mute=True))
    yield
    for proxy in world.database_proxies.values():
        proxy.heal()


TROUBLES: tuple[Trouble, ...] = (
    all_well,
    broker_frozen,
    broker_dead,
    broker_half_open,
    database_frozen,
    database_half_open,
)


async def measure(directory: Path) -> dict[str, dict[str, str]]:
    """Return, per trouble and role, after how many seconds the process ended and its status."""
    found: dict[str, dict[str, str]] = {}
    world = World(directory, ("registry", "notify"), seed="shutdown")
    try:
        await world.start()
        for trouble in TROUBLES:
            name = trouble.__name__.replace("_", " ")
            found[name] = await _under(world, trouble)
    finally:
        await world.stop()
    return found


async def _under(world: World, trouble: Trouble) -> dict[str, str]:
    children = [await _ready(world, service, role) for service, role in ROLES]
    await _fill(world)
    async with trouble(world):
        await asyncio.sleep(BUSY_S)
        began = time.monotonic()
        for child in children:
            child.ask_to_stop()
        took: dict[str, str] = {}

        async def gone() -> bool:
            for child, (service, role) in zip(children, ROLES, strict=True):
                if not child.running:
                    said = f"{time.monotonic() - began:.1f} s (exit {child.exit_code})"
                    took.setdefault(f"{service} {role}", said)
            return len(took) == len(children)

        await until(gone, what=f"all ended: {took}", deadline_s=EXIT_WITHIN_S)
    return took


async def _ready(world: World, service: str, role: str) -> Child:
    port = free_port()
    child = world.child(service, role, port, log=f"{service}-{role}")
    child.start()

    async def ready() -> bool:
        return await asyncio.to_thread(is_ready, port)

    await until(ready, what=f"{service} {role} is ready", deadline_s=60)
    return child


async def _fill(world: World) -> None:
    connection = await world.connect("registry")
    try:
        await connection.execute(FILL, ROWS)
    finally:
        await connection.close()
