"""PostgreSQL and Kafka in containers, through testcontainers' generic container.

The images hold the same PostgreSQL, Java runtime and jars as the embedded stack, on a base that
is pulled where a registry of images can be reached and made by debootstrap where not. Host ports
are fixed beforehand: a broker has to advertise the address that its clients will use.
"""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

# Its helper container removes what a crashed test left; its image may be out of reach, and our
# containers remove themselves.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")

from testcontainers.core.container import DockerContainer

from deploy.local import images
from deploy.local.errors import StackError
from deploy.local.images import build_images, is_prepared
from deploy.local.kafka import JVM_OPTIONS, server_properties
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.postgres import ADMIN, settings_of
from deploy.local.probes import kafka_answers, postgres_answers

__all__ = ["DockerKafka", "DockerPostgres", "build_images", "is_prepared"]

_READY_TIMEOUT_S = 90.0
_POLL_S = 0.1
_STOP_TIMEOUT_S = 3
_TAIL_LINES = 20
_CLIENT_PORT = 9092
_CONTROLLER_PORT = 9093
_POSTGRES_PORT = 5432

# The engine's bridge decides from which address a client seems to come.
_HBA = "host all all all scram-sha-256"

_START_POSTGRES = """
set -eu
rm -f "$PGDATA/postmaster.pid"
printf '%s\\n' "$HBA" > "$PGDATA/pg_hba.conf"
printf '%s' "ALTER ROLE $ADMIN PASSWORD '$PASSWORD'" \\
  | postgres --single -D "$PGDATA" -c password_encryption=scram-sha-256 postgres > /dev/null
exec postgres -D "$PGDATA" "$@"
"""

_START_KAFKA = """
set -eu
printf '%s' "$PROPERTIES" > /tmp/server.properties
exec java "$@" -cp '/opt/kafka/*' kafka.Kafka /tmp/server.properties
"""


@dataclass(slots=True)
class _Containerised:
    """One server in one container, published on a fixed loopback port."""

    log: Path
    port: int = field(default_factory=free_port, init=False)
    name: str = field(default="", init=False)
    _container: DockerContainer | None = field(default=None, init=False)

    def prepare(self, say: Callable[[str], None]) -> None:
        """Build the images that the engine lacks."""
        images.ensure_images(say)

    def _run(
        self, image: str, *, inner_port: int, env: Mapping[str, str], command: list[str]
    ) -> None:
        if self._container is not None:
            self._wrapped().start()
            return
        container = DockerContainer(image).with_command(command).with_envs(**env)
        # Not with_bind_ports, which publishes on every interface: Kafka asks for no password.
        ports = cast("dict[str, tuple[str, int]]", container.ports)
        ports[f"{inner_port}/tcp"] = (LOOPBACK, self.port)
        # Kept only once it exists: stop() has nothing to do for one that was never made.
        self._container = container.start()

    def _wrapped(self) -> images.EngineContainer:
        if self._container is None:
            raise StackError(f"{self.name} was not started", mend="call start() first")
        wrapped: images.EngineContainer = self._container.get_wrapped_container()
        return wrapped

    def _wait(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _READY_TIMEOUT_S
        while not ready():
            death = self.death()
            if death is not None:
                raise death
            if time.monotonic() > deadline:
                raise StackError(
                    f"{self.name} was not ready after {_READY_TIMEOUT_S:.0f} s; the last it said:"
                    f"\n{self._tail()}",
                    mend="look at the container with the engine's own tools",
                )
            time.sleep(_POLL_S)

    def _tail(self) -> str:
        return self._wrapped().logs(tail=_TAIL_LINES).decode(errors="replace")

    def death(self) -> StackError | None:
        """Say why the container is gone, or None while it runs."""
        wrapped = self._wrapped()
        wrapped.reload()
        if wrapped.status in {"created", "running", "paused", "restarting"}:
            return None
        return StackError(
            f"the container of {self.name} is {wrapped.status}; the last it said:\n{self._tail()}",
            mend="read the log; the engine may have run out of memory or disk",
        )

    def stop(self) -> None:
        """Stop the container, keep its log, and remove it."""
        if self._container is None:
            return
        wrapped = self._wrapped()
        wrapped.reload()
        if wrapped.status == "paused":
            wrapped.unpause()
        wrapped.stop(timeout=_STOP_TIMEOUT_S)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(wrapped.logs())
        self._container.stop()
        self._container = None

    def kill(self) -> None:
        """End the server at once (SIGKILL), as a crash would; its files stay in the container."""
        self._wrapped().kill()
        self._wrapped().wait()

    def freeze(self) -> None:
        """Suspend the container: connections stay open and say nothing."""
        self._wrapped().pause()

    def thaw(self) -> None:
        """Let a frozen container go on."""
        self._wrapped().unpause()


@dataclass(slots=True)
class DockerPostgres(_Containerised):
    """PostgreSQL in a container; `durable=False` turns syncing off and is for tests only."""

    durable: bool = True
    _password: str = field(default_factory=lambda: secrets.token_urlsafe(24), init=False)

    def __post_init__(self) -> None:
        """Name the server."""
        self.name = "postgres"

    @property
    def admin_dsn(self) -> str:
        """The superuser's address of the maintenance database."""
        return f"postgresql://{ADMIN}:{self._password}@{LOOPBACK}:{self.port}/postgres"

    def launch(self) -> None:
        """Start the container without waiting for the server in it."""
        options = settings_of(port=_POSTGRES_PORT, listen="*", durable=self.durable)
        self._run(
            images.POSTGRES_IMAGE,
            inner_port=_POSTGRES_PORT,
            env={"HBA": _HBA, "ADMIN": ADMIN, "PASSWORD": self._password},
            command=["sh", "-c", _START_POSTGRES, "postgres", *options],
        )

    def ready(self) -> bool:
        """Tell whether the server takes logins."""
        return postgres_answers(LOOPBACK, self.port)

    def wait_ready(self) -> None:
        """Wait until the server takes logins. Raises StackError if it does not."""
        self._wait(self.ready)

    def restart(self) -> None:
        """Start the server again on the same port and files, stopping it first if it runs."""
        self._wrapped().stop(timeout=_STOP_TIMEOUT_S)
        self.launch()
        self.wait_ready()


@dataclass(slots=True)
class DockerKafka(_Containerised):
    """A Kafka broker in a container."""

    def __post_init__(self) -> None:
        """Name the server."""
        self.name = "kafka"

    @property
    def bootstrap_servers(self) -> str:
        """The address that clients are given: the published port on the loopback."""
        return f"{LOOPBACK}:{self.port}"

    def launch(self) -> None:
        """Start the container without waiting for the broker in it."""
        properties = server_properties(
            data="/var/lib/kafka/data",
            listener=f"0.0.0.0:{_CLIENT_PORT}",
            controller=f"{LOOPBACK}:{_CONTROLLER_PORT}",
            advertised=self.bootstrap_servers,
        )
        self._run(
            images.KAFKA_IMAGE,
            inner_port=_CLIENT_PORT,
            env={"PROPERTIES": properties},
            command=["sh", "-c", _START_KAFKA, "kafka", *JVM_OPTIONS],
        )

    def ready(self) -> bool:
        """Tell whether the broker answers."""
        return kafka_answers(LOOPBACK, self.port)

    def wait_ready(self) -> None:
        """Wait until the broker answers. Raises StackError if it does not."""
        self._wait(self.ready)

    def restart(self) -> None:
        """Start the broker again on the same port and log, stopping it first if it runs."""
        self._wrapped().stop(timeout=_STOP_TIMEOUT_S)
        self.launch()
        self.wait_ready()
