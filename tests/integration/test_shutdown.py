"""SIGTERM ends every role in time, whatever the servers do; what was accepted is answered."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import asyncpg
import httpx
import pytest

from deploy.local.clients import CLIENTS
from deploy.local.issuer import Issuer
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.processes import Child
from deploy.local.services import Surroundings, is_ready, service_child
from deploy.local.stack import Stack
from shared.db.provision import ServiceDsns
from shared.messaging.topics import ensure_topics
from tests.chaos.firms import uscc_of
from tests.support.databases import Databases
from tests.support.waiting import until

pytestmark = pytest.mark.integration

EXIT_WITHIN_S = 25.0
"""What is promised; the processes have a bound of their own that is well below."""

STOPS_BY_ITSELF_S = 12.0
READY_S = 90.0


@dataclass(slots=True)
class Role:
    """A real service in a role, as a process."""

    child: Child
    port: int
    dsns: ServiceDsns

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://{LOOPBACK}:{self.port}"

    async def ready(self) -> bool:
        """Tell whether it answers 200 on /readyz."""
        return await asyncio.to_thread(is_ready, self.port)


Start = Callable[[str, str], Awaitable[Role]]


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    """The development issuer."""
    made = Issuer(CLIENTS)
    made.start()
    yield made
    made.stop()


@pytest.fixture
async def start(
    stack: Stack, databases: Databases, issuer: Issuer, tmp_path: Path
) -> AsyncIterator[Start]:
    """Start a service in a role on a database of its own; it is ended with the test."""
    await ensure_topics(stack.bootstrap_servers)
    async with AsyncExitStack() as resources:

        async def begin(service: str, role: str) -> Role:
            dsns = await resources.enter_async_context(databases.fresh(service))
            port = free_port()
            around = Surroundings(stack, issuer, {service: dsns}, {service: port}, tmp_path)
            child = service_child(service, around)
            child.argv = [*child.argv[:-1], role]
            child.log = tmp_path / f"{service}-{role}-{port}.log"
            child.start()
            resources.callback(child.kill)
            return Role(child, port, dsns)

        yield begin


async def all_ready(roles: Sequence[Role]) -> None:
    """Wait until every process serves."""
    for role in roles:
        await until(role.ready, what=f"{role.child.log.stem} is ready", deadline_s=READY_S)


async def ended(roles: Sequence[Role]) -> dict[str, float]:
    """Ask all to stop at once, and return how long each took; none may need the last resort."""
    began = time.monotonic()
    took: dict[str, float] = {}
    for role in roles:
        role.child.ask_to_stop()

    async def gone() -> bool:
        for role in roles:
            if not role.child.running:
                took.setdefault(role.child.log.stem, round(time.monotonic() - began, 1))
        return len(took) == len(roles)

    await until(gone, what="every role has ended", deadline_s=EXIT_WITHIN_S)
    return took


async def write_outbox(dsns: ServiceDsns, rows: int) -> None:
    """Put events into the outbox that no business row stands behind."""
    connection = await asyncpg.connect(dsns.app)
    try:
        await connection.execute(
            "INSERT INTO outbox (shard, topic, key, event_id, type, subject, headers, payload, "
            "recorded_at) SELECT n % 16, 'tongzhou.notify.delivery.v1', n::text, "
            "gen_random_uuid(), 'none', n::text, '\\x00', '', now() "
            "FROM generate_series(1, $1) AS n",
            rows,
        )
    finally:
        await connection.close()


async def unsent(dsns: ServiceDsns) -> int:
    """Count what has not left."""
    connection = await asyncpg.connect(dsns.app)
    try:
        count: int = await connection.fetchval("SELECT count(*) FROM outbox")
    finally:
        await connection.close()
    return count


class TestServersAway:
    async def test_every_role_ends_in_time_and_nothing_is_lost(
        self, start: Start, stack: Stack
    ) -> None:
        with_frozen_broker = [await start("registry", "relay"), await start("notify", "all")]
        with_dead_broker = [await start("registry", "all"), await start("notify", "consume")]
        with_frozen_database = [
            await start("registry", "api"),
            await start("registry", "relay"),
            await start("notify", "consume"),
            await start("notify", "all"),
        ]
        await all_ready([*with_frozen_broker, *with_dead_broker, *with_frozen_database])

        stack.kafka.freeze()
        try:
            await write_outbox(with_frozen_broker[0].dsns, 50)
            frozen_broker = await ended(with_frozen_broker)
        finally:
            stack.kafka.thaw()
        stack.kafka.kill()
        try:
            await write_outbox(with_dead_broker[0].dsns, 50)
            dead_broker = await ended(with_dead_broker)
        finally:
            await asyncio.to_thread(stack.kafka.restart)
        stack.postgres.freeze()
        try:
            frozen_database = await ended(with_frozen_database)
        finally:
            stack.postgres.thaw()

        took = {**frozen_broker, **dead_broker, **frozen_database}
        assert max(took.values()) < STOPS_BY_ITSELF_S, took
        assert await unsent(with_frozen_broker[0].dsns) == 50
        assert await unsent(with_dead_broker[0].dsns) == 50


class TestAtWork:
    async def test_answers_what_it_accepted_and_ends(self, start: Start, issuer: Issuer) -> None:
        role = await start("registry", "all")
        await all_ready([role])
        statuses: list[int] = []
        refused = 0

        async def send(client: httpx.AsyncClient, number: int) -> None:
            nonlocal refused
            headers = {
                "Authorization": f"Bearer {issuer.token('dept-kj')}",
                "Idempotency-Key": f"shutdown-{number}",
            }
            body = {
                "uscc": uscc_of(number),
                "name": f"firm {number}",
                "region": "320706",
                "chain": "new_energy",
            }
            try:
                answer = await client.post(f"{role.url}/v1/enterprises", json=body, headers=headers)
            except (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError):
                refused += 1
            else:
                statuses.append(answer.status_code)

        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            sending = [asyncio.create_task(send(client, number)) for number in range(60)]
            await until(lambda: _some(statuses), what="the first answers")
            took = await ended([role])
            await asyncio.gather(*sending)

        connection = await asyncpg.connect(role.dsns.app)
        stored = await connection.fetchval("SELECT count(*) FROM enterprise WHERE version > 0")
        await connection.close()
        assert set(statuses) <= {HTTPStatus.CREATED, HTTPStatus.SERVICE_UNAVAILABLE}
        assert statuses.count(HTTPStatus.CREATED) == stored
        assert max(took.values()) < STOPS_BY_ITSELF_S, (took, refused)


async def _some(found: Sequence[object]) -> bool:
    return bool(found)
