"""Run one service in a role: ``python -m services.<name> {api|relay|consume|migrate|all}``.

Operators run its commands in the same way, see ``shared/operations/terminal.py``.

``all`` runs api, relay and consumer in one process, for a laptop; in production each role is a
Deployment of the same image. Every role answers /livez, /readyz and /metrics.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import uvicorn
import uvloop
from fastapi import APIRouter

from shared import clock, logs, telemetry
from shared.db.bound import OutboxBound
from shared.db.database import Database
from shared.events.catalogue import consumed_by
from shared.messaging.apply import Applier, Subscriptions
from shared.messaging.consumer import Consumer
from shared.messaging.kafka import KafkaSettings
from shared.messaging.measure import measure
from shared.messaging.process import AnyProcess
from shared.messaging.relay import Relay
from shared.operations import terminal
from shared.operations.chores import Chore, keep_doing
from shared.operations.operator import Operator
from shared.operations.rebuild import ReadModel
from shared.operations.terminal import Command
from shared.settings import MigrationSettings, ServiceSettings
from shared.web.app import create_app
from shared.web.auth import TokenVerifier, fetch_jwks

_LOG = logs.get("tongzhou.runner")
ROLES = {
    "api": "answer requests",
    "relay": "ship events to the broker",
    "consume": "apply other services' events, and carry out approved operations",
    "migrate": "bring the database to the newest revision, then end",
    "all": "api, relay and consume in one process",
}
DRAIN_S = 6
"""How long requests that are being answered may take to end once the process is told to."""

HARD_STOP_S = 8.0
"""After this a process ends whatever still runs: everything is gone within 10 s of a SIGTERM."""


@dataclass(frozen=True, slots=True)
class Service:
    """What makes a service different from the others."""

    name: str
    routers: Sequence[APIRouter]
    subscriptions: Subscriptions
    processes: Sequence[AnyProcess] = ()
    read_models: Sequence[ReadModel] = ()
    chores: Sequence[Chore] = ()
    commands: Sequence[Command] = ()
    state: Mapping[str, object] = field(default_factory=dict)


def main(service: Service) -> int:
    """Run the role, or the operator's command, named on the command line; returns the status."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{service.name}")
    named = parser.add_subparsers(dest="role", required=True, metavar="role-or-command")
    for name, does in ROLES.items():
        named.add_parser(name, help=does)
    terminal.add_commands(named, service.commands)
    arguments = parser.parse_args()
    role = arguments.role
    if role == "migrate":
        from shared.db import migrations  # noqa: PLC0415 -- only this role pays for Alembic

        owner = MigrationSettings()
        revision = migrations.upgrade(service.name, owner.owner_database_url.get_secret_value())
        sys.stdout.write(f"{service.name}: database is at revision {revision}\n")
        return 0
    settings = ServiceSettings()
    if role not in ROLES:
        operator = _operator(service, settings, database_of(settings))
        return terminal.run(arguments, operator, service.commands)
    logs.set_up(service.name, as_json=settings.log_format == "json")
    traces = telemetry.set_up(service.name, otlp_endpoint=settings.otlp_endpoint)
    _LOG.info("service.starts", role=role, settings=settings.redacted())
    collect_rarely()
    try:
        return uvloop.run(_run(service, role, settings))
    finally:
        traces.shutdown()


def collect_rarely() -> None:
    """Keep the collector of cycles from looking through every page of events that passes.

    At its defaults it took a quarter of the relay's time and found nothing.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


async def _run(service: Service, role: str, settings: ServiceSettings) -> int:
    database = database_of(settings)
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


def database_of(settings: ServiceSettings) -> Database:
    """Make the pool that the settings describe."""
    return Database(
        settings.database_url.get_secret_value(),
        max_connections=settings.max_connections,
        bound=OutboxBound(
            limit_rows=settings.outbox_limit_rows, alarm_rows=settings.outbox_alarm_rows
        ),
    )


def _kafka(service: Service, settings: ServiceSettings) -> KafkaSettings:
    return KafkaSettings(
        settings.kafka_bootstrap_servers, f"tongzhou-{service.name}", settings.kafka_login
    )


def _operator(service: Service, settings: ServiceSettings, database: Database) -> Operator:
    applier = Applier(
        database,
        service.name,
        service.subscriptions,
        parked_keys_limit=settings.parked_keys_limit,
    )
    return Operator(
        service=service.name,
        database=database,
        applier=applier,
        kafka=_kafka(service, settings),
        dsn=settings.relay_dsn,
        read_clock=clock.now,
        processes=service.processes,
        read_models=service.read_models,
    )


def _roles(
    service: Service,
    role: str,
    settings: ServiceSettings,
    database: Database,
    stop: asyncio.Event,
) -> dict[str, Coroutine[None, None, None]]:
    kafka = _kafka(service, settings)
    everything = role == "all"
    routers = service.routers if everything or role == "api" else []
    work: dict[str, Coroutine[None, None, None]] = {"measure": measure(database)}
    operator = _operator(service, settings, database)
    state = {**service.state, "operator": operator, "signer": settings.signer}
    if everything or role == "relay":
        relay = Relay(settings.relay_dsn, kafka, wake=database.published, read_clock=clock.now)
        work["relay"] = relay.run()
    topics = [topic.name for topic in consumed_by(service.name)]
    if topics and (everything or role == "consume"):
        consumer = Consumer(database, operator.applier, kafka, topics)
        state["stalled"] = consumer.progress.stalled
        work["consume"] = consumer.run()
    if everything or role == "consume":
        work["chores"] = operator.run()
        for chore in service.chores:
            work[chore.name] = keep_doing(chore, database)
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
        proxy_headers=False,  # nothing here looks at a caller's address
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    app.state.stopping.set()
    server.should_exit = True
    await serving
