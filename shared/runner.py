"""Run one service in a role: ``python -m services.<name> {api|relay|consume|migrate|all}``.

``all`` runs api, relay and consumer in one process, for a laptop; in production each role is a
Deployment of the same image. Every role answers /livez, /readyz and /metrics.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import uvicorn
import uvloop
from fastapi import APIRouter

from shared import clock, logs, metrics, telemetry
from shared.db.database import Database
from shared.events.catalogue import consumed_by
from shared.messaging import limits, parking, process
from shared.messaging.apply import Applier, Subscriptions
from shared.messaging.consumer import Consumer
from shared.messaging.kafka import KafkaSettings
from shared.messaging.relay import Relay
from shared.settings import MigrationSettings, ServiceSettings
from shared.web.app import create_app
from shared.web.auth import TokenVerifier, fetch_jwks

_LOG = logs.get("tongzhou.runner")
ROLES = ("api", "relay", "consume", "migrate", "all")
DRAIN_S = 6
"""How long requests that are being answered may take to end once the process is told to."""

HARD_STOP_S = 8.0
"""After this a process ends whatever still runs: everything is gone within 10 s of a SIGTERM."""

MEASURE_EVERY_S = 5.0
MEASURE_OUTBOX = """
    SELECT
        (SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT $1 + 1) AS counted) AS depth,
        (SELECT recorded_at FROM outbox ORDER BY position LIMIT 1) AS oldest
"""
"""Counted up to the limit only: a long outage of the broker must not make this slow."""


@dataclass(frozen=True, slots=True)
class Service:
    """What makes a service different from the others."""

    name: str
    routers: Sequence[APIRouter]
    subscriptions: Subscriptions
    state: Mapping[str, object] = field(default_factory=dict)


def main(service: Service) -> int:
    """Run the role named on the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{service.name}")
    parser.add_argument("role", choices=ROLES)
    role = parser.parse_args().role
    if role == "migrate":
        from shared.db import migrations  # noqa: PLC0415 -- only this role pays for Alembic

        owner = MigrationSettings()
        revision = migrations.upgrade(service.name, owner.owner_database_url.get_secret_value())
        sys.stdout.write(f"{service.name}: database is at revision {revision}\n")
        return 0
    settings = ServiceSettings()
    logs.set_up(service.name, as_json=settings.log_format == "json")
    traces = telemetry.set_up(service.name, otlp_endpoint=settings.otlp_endpoint)
    _LOG.info("service.starts", role=role, settings=settings.redacted())
    try:
        return uvloop.run(_run(service, role, settings))
    finally:
        traces.shutdown()


async def _run(service: Service, role: str, settings: ServiceSettings) -> int:
    database = Database(
        settings.database_url.get_secret_value(), max_connections=settings.max_connections
    )
    await database.open()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = {
        name: asyncio.create_task(work, name=name)
        for name, work in _roles(service, role, settings, database, stop).items()
    }
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([stopping, *tasks.values()], return_when=asyncio.FIRST_COMPLETED)
    failed = [name for name, task in tasks.items() if task.done() and not stop.is_set()]
    for name in failed:
        _LOG.error("role.ended", role=name, exc_info=tasks[name].exception())
    stop.set()
    await _drain(tasks)
    await database.close()
    _LOG.info("service.stopped", failed=failed)
    return 1 if failed else 0


def _roles(
    service: Service,
    role: str,
    settings: ServiceSettings,
    database: Database,
    stop: asyncio.Event,
) -> dict[str, Coroutine[None, None, None]]:
    kafka = KafkaSettings(
        settings.kafka_bootstrap_servers, f"tongzhou-{service.name}", settings.kafka_login
    )
    everything = role == "all"
    routers = service.routers if everything or role == "api" else []
    work: dict[str, Coroutine[None, None, None]] = {"measure": _measure(database)}
    state = dict(service.state)
    if everything or role == "relay":
        relay = Relay(settings.relay_dsn, kafka, wake=database.published, read_clock=clock.now)
        work["relay"] = relay.run()
    topics = [topic.name for topic in consumed_by(service.name)]
    if topics and (everything or role == "consume"):
        applier = Applier(database, service.name, service.subscriptions)
        consumer = Consumer(database, applier, kafka, topics)
        state["stalled"] = consumer.progress.stalled
        work["consume"] = consumer.run()
    work["http"] = _serve(replace(service, routers=routers, state=state), settings, database, stop)
    return work


async def _drain(tasks: Mapping[str, "asyncio.Task[None]"]) -> None:
    """End everything within a bound: the listener drains, the others are cancelled."""
    for name, task in tasks.items():
        if name != "http":
            task.cancel()
    _, late = await asyncio.wait(tasks.values(), timeout=HARD_STOP_S)
    if late:
        _LOG.error("service.hard_stop", late=[task.get_name() for task in late])
        sys.stdout.flush()
        os._exit(1)


class _Server(uvicorn.Server):
    """A server that leaves the signals to the runner."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(
    service: Service,
    settings: ServiceSettings,
    database: Database,
    stop: asyncio.Event,
) -> None:
    verifier = TokenVerifier(
        issuer=settings.issuer,
        audience=settings.audience,
        fetch_keys=lambda: fetch_jwks(settings.jwks_url),
        read_clock=clock.now,
    )
    app = create_app(
        service=service.name,
        routers=service.routers,
        database=database,
        verifier=verifier,
        max_body_bytes=settings.max_body_bytes,
        state=service.state,
    )
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=DRAIN_S,
        server_header=False,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    app.state.stopping.set()
    server.should_exit = True
    await serving


async def _measure(database: Database) -> None:
    """Keep the gauges of the outbox, the processes and the parked keys fresh."""
    while True:
        try:
            await _measure_once(database)
        except Exception as error:  # noqa: BLE001 -- a gauge must never take the service down
            _LOG.warning("measure.failed", error=type(error).__name__)
        await asyncio.sleep(MEASURE_EVERY_S)


async def _measure_once(database: Database) -> None:
    async with database.read() as work:
        row = await work.fetchrow(MEASURE_OUTBOX, limits.OUTBOX_LIMIT_ROWS)
        metrics.PROCESSES_LATE.set(await process.count_late(work))
        metrics.PARKED_KEYS.set(await parking.count_keys(work))
    if row is not None:
        age = (clock.now() - row["oldest"]).total_seconds() if row["oldest"] else 0.0
        metrics.OUTBOX_DEPTH.set(row["depth"])
        metrics.OUTBOX_AGE.set(age)
