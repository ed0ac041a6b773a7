"""The one resolver of the stack: given servers, Docker, or embedded; the same face for each.

Used by the launcher and by the tests:

    with resolve_stack(run_dir=tmp, durable=False) as stack:
        connect(stack.admin_dsn, stack.bootstrap_servers)
        stack.kafka.kill()
"""

import importlib.util
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Protocol, Self

from deploy.local import places, variables
from deploy.local.errors import StackError
from deploy.local.external import ExternalKafka, ExternalPostgres
from deploy.local.kafka import EmbeddedKafka
from deploy.local.postgres import EmbeddedPostgres


class StackName(StrEnum):
    """Where PostgreSQL and Kafka come from."""

    EXTERNAL = "external"
    DOCKER = "docker"
    EMBEDDED = "embedded"


class Server(Protocol):
    """One server of the stack: started and stopped, and hurt by fault tests."""

    name: str

    @property
    def port(self) -> int:
        """The loopback port, or the port of the given address."""

    def prepare(self, say: Callable[[str], None]) -> None:
        """Fetch or build what it needs, saying how far that is; at once if all is there."""

    def launch(self) -> None:
        """Start it without waiting."""

    def ready(self) -> bool:
        """Tell whether it accepts clients now; a frozen one does not."""

    def wait_ready(self) -> None:
        """Wait until it accepts clients. Raises StackError if it does not."""

    def death(self) -> StackError | None:
        """Say why it is gone, or None while it runs or is not ours to watch."""

    def stop(self) -> None:
        """End it in good order."""

    def kill(self) -> None:
        """End it at once, as a crash would."""

    def restart(self) -> None:
        """Start it again on the same address and files."""

    def freeze(self) -> None:
        """Suspend it: its connections stay open and say nothing."""

    def thaw(self) -> None:
        """Let it go on after freeze()."""


class PostgresServer(Server, Protocol):
    """A PostgreSQL server whose superuser we are."""

    @property
    def admin_dsn(self) -> str:
        """The superuser's address of the maintenance database."""


class KafkaServer(Server, Protocol):
    """A Kafka broker."""

    @property
    def bootstrap_servers(self) -> str:
        """The address that clients are given."""


def _say_nothing(progress: str) -> None:
    """Ignore progress: nobody watches a test's fixture."""


@dataclass(slots=True)
class Stack:
    """PostgreSQL and Kafka, from wherever they come. A context manager: start, then stop."""

    name: StackName
    reason: str
    postgres: PostgresServer
    kafka: KafkaServer

    @property
    def admin_dsn(self) -> str:
        """The superuser's address of PostgreSQL."""
        return self.postgres.admin_dsn

    @property
    def bootstrap_servers(self) -> str:
        """The address that Kafka's clients are given."""
        return self.kafka.bootstrap_servers

    def start(self) -> None:
        """Start both side by side and wait for both; on failure nothing is left running."""
        try:
            for server in (self.postgres, self.kafka):
                server.prepare(_say_nothing)
                server.launch()
            self.postgres.wait_ready()
            self.kafka.wait_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop Kafka, then PostgreSQL, which holds what is true."""
        try:
            self.kafka.stop()
        finally:
            self.postgres.stop()

    def __enter__(self) -> Self:
        """Start the stack."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the stack."""
        self.stop()


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen stack and why, for the run to say."""

    name: StackName
    reason: str


def choose(environ: Mapping[str, str], *, prepared: Callable[[], bool]) -> Choice:
    """Choose the stack: what STACK says, else given addresses, else Docker if prepared.

    Docker is taken by itself only where an engine answers and already holds our images: an
    engine that happens to run must not cost a newcomer the minutes of building them.
    `prepared` tells whether it does. Raises StackError for an unknown name or missing addresses.
    """
    given = environ.get(variables.STACK, "")
    if given and given not in set(StackName):
        raise StackError(
            f"{variables.STACK}={given} is not a stack",
            mend=f"use one of {', '.join(StackName)}, or leave it unset",
        )
    missing = [
        name for name in (variables.ADMIN_DSN, variables.BOOTSTRAP_SERVERS) if not environ.get(name)
    ]
    if given == StackName.EXTERNAL and missing:
        raise StackError(
            f"{variables.STACK}=external needs {' and '.join(missing)}",
            mend="set the superuser's PostgreSQL address and Kafka's bootstrap servers",
        )
    if given:
        return Choice(StackName(given), f"{variables.STACK} says so")
    if not missing:
        return Choice(StackName.EXTERNAL, "the addresses of both servers are given")
    if prepared():
        return Choice(StackName.DOCKER, "a container engine answers and holds the images")
    return Choice(StackName.EMBEDDED, "no servers are given and no engine is prepared")


def resolve_stack(
    *,
    run_dir: Path = places.RUN_DIR,
    durable: bool = True,
    environ: Mapping[str, str] = os.environ,
) -> Stack:
    """Return the stack to use, not yet started.

    Files and logs go below `run_dir`; `durable=False` turns PostgreSQL's syncing off and is for
    tests. Raises StackError when the choice cannot be had.
    """
    choice = choose(environ, prepared=docker_is_prepared)
    logs = run_dir / "logs"
    postgres: PostgresServer
    kafka: KafkaServer
    match choice.name:
        case StackName.EXTERNAL:
            postgres = ExternalPostgres(environ[variables.ADMIN_DSN])
            kafka = ExternalKafka(environ[variables.BOOTSTRAP_SERVERS])
        case StackName.DOCKER:
            docker = docker_module()
            postgres = docker.DockerPostgres(log=logs / "postgres.log", durable=durable)
            kafka = docker.DockerKafka(log=logs / "kafka.log")
        case StackName.EMBEDDED:
            postgres = EmbeddedPostgres(run_dir, log=logs / "postgres.log", durable=durable)
            kafka = EmbeddedKafka(run_dir, log=logs / "kafka.log")
    return Stack(choice.name, choice.reason, postgres, kafka)


def docker_module() -> ModuleType:
    """Import the docker stack, whose packages only the development set has."""
    try:
        from deploy.local import docker  # noqa: PLC0415 -- absent from requirements/local.txt
    except ImportError as error:
        raise StackError(
            f"the docker stack needs the package {error.name}",
            mend="run make test-containers, which sets it up, or use STACK=embedded",
        ) from error
    return docker


def docker_is_prepared() -> bool:
    """Tell whether an engine answers and holds our images, without looking twice at a bare one."""
    if importlib.util.find_spec("testcontainers") is None:
        return False
    if not os.environ.get("DOCKER_HOST") and not Path("/var/run/docker.sock").exists():
        return False
    prepared: bool = docker_module().is_prepared()
    return prepared
