"""Which TCP ports a run uses: the services' fixed ones, and free ones for the rest."""

import os
import random
import socket
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from deploy.local.errors import StackError

LOOPBACK = "127.0.0.1"
DEFAULT_BASE = 8100
BASE_VARIABLE = "TONGZHOU_PORT_BASE"

# The offset from the base is part of the published addresses: registry is 8101 by default.
SERVICE_OFFSETS: Mapping[str, int] = {
    "registry": 1,
    "credit": 2,
    "guarantee": 3,
    "insurance": 4,
    "notify": 5,
}

# Below the range from which the kernel picks source ports of outgoing connections, so that a
# port found free is not taken by a passing connection before the server binds it.
_FREE_RANGE = range(20_000, 32_000)
_BASES_TRIED = range(8200, 19_000, 100)
_ATTEMPTS_MAX = 200
_FIRST_ORDINARY_PORT = 1024
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class ServicePorts:
    """The port of each service, and the base from which they were counted."""

    base: int
    by_service: Mapping[str, int]


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Return a loopback port on which nothing listens. Raises StackError if none is found."""
    for _ in range(_ATTEMPTS_MAX):
        port = random.choice(_FREE_RANGE)  # noqa: S311 -- a port is not a secret
        if is_free(port):
            return port
    raise StackError(
        f"no free port was found between {_FREE_RANGE.start} and {_FREE_RANGE.stop}",
        mend="stop servers that are no longer needed",
    )


def holder_of(port: int) -> str:
    """Name the process that listens on the port, as far as this user may see it."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return "a process of another user"
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,):
            if connection.pid is None:
                return "a process of another user"
            try:
                name = psutil.Process(connection.pid).name()
            except psutil.Error:
                name = "unknown"
            return f"{name} (pid {connection.pid})"
    return "an unknown process"


def _ports_from(base: int) -> ServicePorts:
    return ServicePorts(
        base=base,
        by_service={service: base + offset for service, offset in SERVICE_OFFSETS.items()},
    )


def _parse_base(given: str) -> int:
    lowest, highest = _FIRST_ORDINARY_PORT, _LAST_PORT - max(SERVICE_OFFSETS.values())
    if not given.isascii() or not given.isdigit() or not lowest <= int(given) <= highest:
        raise StackError(
            f"{BASE_VARIABLE}={given} is not a port between {lowest} and {highest}",
            mend=f"unset it, or give a number such as {DEFAULT_BASE}",
        )
    return int(given)


def service_ports(environ: Mapping[str, str] = os.environ) -> ServicePorts:
    """Choose the services' ports.

    With TONGZHOU_PORT_BASE set, exactly those, and StackError names a taken one and its holder.
    Unset, those from 8100, or from the first base whose ports are all free, so that a second
    checkout runs beside the first.
    """
    given = environ.get(BASE_VARIABLE, "")
    if given:
        wanted = _ports_from(_parse_base(given))
        for service, port in wanted.by_service.items():
            if not is_free(port):
                raise StackError(
                    f"port {port}, wanted by {service}, is taken by {holder_of(port)}",
                    mend=f"stop that process, or unset {BASE_VARIABLE} to use free ports",
                )
        return wanted
    for base in (DEFAULT_BASE, *_BASES_TRIED):
        candidate = _ports_from(base)
        if all(is_free(port) for port in candidate.by_service.values()):
            return candidate
    raise StackError(
        "no five free ports in a row were found above 8100",
        mend=f"stop servers that are no longer needed, or set {BASE_VARIABLE}",
    )
