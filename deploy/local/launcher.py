"""`make run`: start everything, play the journeys, serve until asked to stop.

Everything of a run is below `.run/`: logs, the servers' files, and stack.json while it serves.
"""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.console import Console

from deploy.local import places, services
from deploy.local.clients import CLIENTS
from deploy.local.errors import StackError, explain_os_error
from deploy.local.handover import StackFile, describe, write_atomically
from deploy.local.issuer import Issuer
from deploy.local.locks import shared as lock_shared
from deploy.local.locks import try_lock
from deploy.local.ports import service_ports
from deploy.local.signals import StopRequested, ignoring_stop, raising_stop
from deploy.local.stack import Stack, resolve_stack
from deploy.local.supervisor import Supervisor
from deploy.local.table import StackTable
from shared.messaging.topics import ensure_topics

EXIT_OK = 0
PLAIN_WIDTH = 140
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


@contextmanager
def exclusive_run(run_dir: Path) -> Iterator[None]:
    """Hold the checkout's run lock; a crash releases it. Raises StackError if it is taken."""
    run_dir.mkdir(parents=True, exist_ok=True)
    lock = try_lock(run_dir / "lock")
    if lock is None:
        holder = (run_dir / "lock").read_text(encoding="utf-8").strip() or "unknown"
        raise StackError(
            f"this checkout is already running (pid {holder})",
            mend="stop that run with Ctrl-C, or run from a second checkout",
        )
    with lock:
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        # What an earlier run that was killed could not remove.
        (run_dir / "stack.json").unlink(missing_ok=True)
        shutil.rmtree(run_dir / "logs", ignore_errors=True)
        (run_dir / "logs").mkdir()
        yield


@dataclass(slots=True)
class Launcher:
    """One run of the whole stack."""

    console: Console
    run_dir: Path = places.RUN_DIR
    stack: Stack = field(init=False)
    issuer: Issuer = field(init=False)
    supervisor: Supervisor = field(init=False)
    _began: float = field(default_factory=time.monotonic, init=False)

    def run(self, *, once: bool) -> int:
        """Run to the end and return the exit code; every child is gone when this returns."""
        places.ensure_space(self.run_dir)
        ports = service_ports()
        self.stack = resolve_stack(run_dir=self.run_dir)
        self.issuer = Issuer(CLIENTS)
        self.supervisor = Supervisor()
        code = EXIT_INTERRUPTED
        with suppress(StopRequested), raising_stop():
            try:
                description = self._start(ports.by_service)
                code = EXIT_OK if self._play(description) else EXIT_FAILED
                if not once:
                    code = EXIT_OK
                    self._say_how_to_use(description)
                    self._serve()
            finally:
                with ignoring_stop():
                    self._stop()
        if self.supervisor.failure is not None:
            raise self.supervisor.failure
        return code

    def _start(self, ports: Mapping[str, int]) -> StackFile:
        table = StackTable(self.console)
        self.console.print(f"stack: {self.stack.name} ({self.stack.reason})", highlight=False)
        table.add("postgres", self.stack.postgres.port)
        table.add("kafka", self.stack.kafka.port)
        table.add("issuer", self.issuer.port)
        table.add("migrations")
        table.add("topics")
        for service, port in ports.items():
            table.add(service, port)
        with table:
            around = self._start_servers(table, ports)
            self.supervisor.watch(self._dead_server)
            self._start_services(table, around)
        description = describe(around)
        write_atomically(self.run_dir / "stack.json", description)
        self.console.print(f"serving after {self._elapsed():.1f} s", highlight=False)
        return description

    def _start_servers(self, table: StackTable, ports: Mapping[str, int]) -> services.Surroundings:
        """Start what the services need; each step begins as soon as what it needs is there."""
        postgres, kafka = self.stack.postgres, self.stack.kafka
        logs = self.run_dir / "logs"
        for server in (postgres, kafka):
            table.starting(server.name)
            server.prepare(partial(table.starting, server.name))
            server.launch()
        postgres.wait_ready()
        table.ready("postgres")
        table.starting("issuer")
        self.issuer.start()
        table.ready("issuer")
        table.starting("migrations")
        databases = services.provision_databases(self.stack.admin_dsn)
        migrations = services.migration_child(databases, log=logs / "migrations.log")
        migrations.start()
        try:
            kafka.wait_ready()
            table.ready("kafka")
            table.starting("topics")
            asyncio.run(ensure_topics(self.stack.bootstrap_servers))
            table.ready("topics")
            services.wait_migrated(migrations)
            table.ready("migrations")
        finally:
            migrations.kill()
        return services.Surroundings(
            stack=self.stack, issuer=self.issuer, databases=databases, ports=ports, logs=logs
        )

    def _start_services(self, table: StackTable, around: services.Surroundings) -> None:
        for service in around.ports:
            table.starting(service)
            self.supervisor.start(services.service_child(service, around))
        for child in self.supervisor.children:
            port = around.ports[child.name]
            ready = partial(services.is_ready, port)
            child.wait_until(ready, timeout_s=services.READY_TIMEOUT_S)
            table.ready(child.name)

    def _dead_server(self) -> StackError | None:
        """Report on PostgreSQL or Kafka if they are gone."""
        return self.stack.postgres.death() or self.stack.kafka.death()

    def _play(self, description: StackFile) -> bool:
        # Imported when it is needed: the stack is useful to tests without the journeys.
        from deploy.local.journeys import play  # noqa: PLC0415

        return play(dict(description), console=self.console)

    def _say_how_to_use(self, description: StackFile) -> None:
        say = self.console.print
        say()
        for service, address in description["services"].items():
            say(f"  {service:<10} {address}/docs", highlight=False)
        say(f"  {'issuer':<10} {description['issuer']}", highlight=False)
        say("  addresses, databases and tokens: .run/stack.json; logs: .run/logs/", highlight=False)
        say("\ntry:", highlight=False)
        registry = description["services"]["registry"]
        say(
            f"  curl -s {registry}/v1/usccs/check -H 'Content-Type: application/json' \\\n"
            "    -H \"Authorization: Bearer $(python3 -c 'import json; "
            'print(json.load(open(".run/stack.json"))["clients"]["bank-haizhou"]["token"])\')" \\\n'
            '    -d \'{"uscc": "91350100M000100Y43"}\'',
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        say("\nserving; Ctrl-C ends everything", highlight=False)

    def _serve(self) -> None:
        while True:
            signal.pause()

    def _stop(self) -> None:
        """End services, then Kafka, then PostgreSQL; within ten seconds whatever they do."""
        began = time.monotonic()
        with suppress(FileNotFoundError):
            (self.run_dir / "stack.json").unlink()
        try:
            self.supervisor.stop()
            self.stack.stop()
        finally:
            self.issuer.stop()
        self.console.print(f"stopped in {time.monotonic() - began:.1f} s", highlight=False)

    def _elapsed(self) -> float:
        return time.monotonic() - self._began


def run(*, once: bool) -> int:
    """Run the stack in this checkout and return the exit code, errors explained."""
    console = Console(soft_wrap=True)
    if not console.is_terminal:
        # A file or a pipe has no width: tables must not be cut to the width of a guess.
        console.width = PLAIN_WIDTH
    try:
        in_use = places.cache_dir() / places.CACHE_IN_USE
        with exclusive_run(places.RUN_DIR), lock_shared(in_use):
            return Launcher(console).run(once=once)
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {explain_os_error(error)}", file=sys.stderr)
    return EXIT_FAILED
