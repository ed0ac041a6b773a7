"""The processes of an experiment: real services, and children that report one line of figures."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from bench.ground import Ground, until
from deploy.local.issuer import AUDIENCE, Issuer
from deploy.local.places import CHECKOUT
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.processes import Child
from deploy.local.services import is_ready
from shared.db.outbox import SHARDS
from shared.db.provision import ServiceDsns

READY_TIMEOUT_S = 30.0
REPORT_TIMEOUT_S = 300.0
LEASES_HELD = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND datname = current_database()
"""


@asynccontextmanager
async def service(
    ground: Ground,
    role: str,
    dsns: ServiceDsns,
    *,
    name: str = "registry",
    issuer: Issuer | None = None,
) -> AsyncIterator[tuple[Child, int]]:
    """Run a service in a role as it runs in production; yields the process and its port."""
    port = free_port()
    told = {
        "TONGZHOU_DATABASE_URL": dsns.app,
        "TONGZHOU_KAFKA_BOOTSTRAP_SERVERS": ground.kafka.bootstrap_servers,
        "TONGZHOU_ISSUER": issuer.url if issuer else "http://nobody.invalid",
        "TONGZHOU_JWKS_URL": issuer.jwks_url if issuer else "http://nobody.invalid/jwks",
        "TONGZHOU_AUDIENCE": AUDIENCE,
        "TONGZHOU_HTTP_HOST": LOOPBACK,
        "TONGZHOU_HTTP_PORT": str(port),
        "TONGZHOU_LOG_FORMAT": "json",
        "TONGZHOU_MAX_CONNECTIONS": "16",
    }
    child = Child(
        name=f"{name} {role}",
        argv=[sys.executable, "-m", f"services.{name}", role],
        log=ground.directory / "logs" / f"{name}-{role}.log",
        env={**os.environ, **told},
        cwd=CHECKOUT,
    )
    child.start()
    try:
        child.wait_until(lambda: is_ready(port), timeout_s=READY_TIMEOUT_S)
        yield child, port
    finally:
        child.kill()


@asynccontextmanager
async def relay(ground: Ground, dsns: ServiceDsns) -> AsyncIterator[Child]:
    """Run a service's relay, which holds every shard when this yields."""
    async with service(ground, "relay", dsns) as (child, _):
        watching = await asyncpg.connect(dsns.owner)
        try:

            async def leased() -> bool:
                held: int = await watching.fetchval(LEASES_HELD)
                return held >= SHARDS

            await until(leased, what="the relay holds its shards", deadline_s=READY_TIMEOUT_S)
        finally:
            await watching.close()
        yield child


async def report_of(module: str, *arguments: object) -> dict[str, Any]:
    """Run a program of ours to its end and return the figures on its last line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *(str(argument) for argument in arguments),
        stdout=asyncio.subprocess.PIPE,
        cwd=CHECKOUT,
    )
    try:
        async with asyncio.timeout(REPORT_TIMEOUT_S):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise RuntimeError(f"{module} ended with {process.returncode}")
    figures: dict[str, Any] = json.loads(said.splitlines()[-1])
    return figures
