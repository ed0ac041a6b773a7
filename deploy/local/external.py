"""Servers that somebody else runs: given by address, neither started, stopped nor hurt by us."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from deploy.local.errors import StackError
from deploy.local.probes import kafka_answers, postgres_answers

_WAIT_S = 15.0
_POLL_S = 0.2
_POSTGRES_PORT = 5432


class _Given:
    """What the two have in common: there is nothing to start and nothing that may be hurt."""

    name: str

    def prepare(self, say: Callable[[str], None]) -> None:
        """Need nothing."""

    def launch(self) -> None:
        """Run already."""

    def death(self) -> StackError | None:
        """Leave watching to whoever runs the server."""
        return None

    def stop(self) -> None:
        """Leave the server running."""

    def kill(self) -> None:
        """Refuse: the server is not ours. Raises StackError, as do the three below."""
        raise self._refusal()

    def restart(self) -> None:
        """Refuse."""
        raise self._refusal()

    def freeze(self) -> None:
        """Refuse."""
        raise self._refusal()

    def thaw(self) -> None:
        """Refuse."""
        raise self._refusal()

    def _refusal(self) -> StackError:
        return StackError(
            f"{self.name} is external: it can be neither killed nor frozen from here",
            mend="run fault tests with STACK=embedded or STACK=docker",
        )

    def _wait(self, ready: Callable[[], bool], address: str) -> None:
        deadline = time.monotonic() + _WAIT_S
        while not ready():
            if time.monotonic() > deadline:
                raise StackError(
                    f"{self.name} does not answer at {address}",
                    mend="check that it runs, and the address",
                )
            time.sleep(_POLL_S)


@dataclass(slots=True)
class ExternalPostgres(_Given):
    """A PostgreSQL server given by its superuser's address."""

    admin_dsn: str
    name: str = "postgres"

    @property
    def port(self) -> int:
        """The port in the address."""
        return urlsplit(self.admin_dsn).port or _POSTGRES_PORT

    def ready(self) -> bool:
        """Tell whether the server takes logins."""
        return postgres_answers(urlsplit(self.admin_dsn).hostname or "", self.port)

    def wait_ready(self) -> None:
        """Wait until it takes logins. Raises StackError if it does not."""
        # The address is said without the password that it carries.
        self._wait(self.ready, f"{urlsplit(self.admin_dsn).hostname}:{self.port}")


@dataclass(slots=True)
class ExternalKafka(_Given):
    """A Kafka cluster given by its bootstrap servers; the first one is probed."""

    bootstrap_servers: str
    name: str = "kafka"

    @property
    def port(self) -> int:
        """The port of the first bootstrap server."""
        port = self._first.port
        if port is None:
            raise StackError(
                f"{self.bootstrap_servers} has no port", mend="give bootstrap servers as host:port"
            )
        return port

    @property
    def _first(self) -> SplitResult:
        return urlsplit(f"//{self.bootstrap_servers.split(',')[0].strip()}")

    def ready(self) -> bool:
        """Tell whether the first bootstrap server answers."""
        return kafka_answers(self._first.hostname or "", self.port)

    def wait_ready(self) -> None:
        """Wait until the first bootstrap server answers. Raises StackError if it does not."""
        self._wait(self.ready, self.bootstrap_servers)
