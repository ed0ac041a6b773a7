"""The five services as children of the launcher: their databases, environment and readiness."""

import asyncio
import base64
import http.client
import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local import variables
from deploy.local.issuer import AUDIENCE, Issuer
from deploy.local.places import CHECKOUT
from deploy.local.ports import LOOPBACK, SERVICE_OFFSETS
from deploy.local.processes import Child
from deploy.local.stack import Stack
from shared.db.provision import ServiceDsns, provision

READY_TIMEOUT_S = 60.0
_MIGRATE_TIMEOUT_S = 60.0
_PROBE_TIMEOUT_S = 1.0
_CONNECTIONS = 6
"""Of each service: four batches at once and two requests; the whole stack stays below 1.6 GiB."""


def provision_databases(admin_dsn: str) -> dict[str, ServiceDsns]:
    """Make each service's database and two roles, with passwords of this run only."""

    async def all_of_them() -> dict[str, ServiceDsns]:
        return {
            service: await provision(
                admin_dsn,
                service,
                owner_password=secrets.token_urlsafe(24),
                app_password=secrets.token_urlsafe(24),
            )
            for service in SERVICE_OFFSETS
        }

    return asyncio.run(all_of_them())


def migration_child(databases: Mapping[str, ServiceDsns], *, log: Path) -> Child:
    """Return the process that brings the five databases to their newest revision, then ends."""
    owners = {service: dsns.owner for service, dsns in databases.items()}
    return Child(
        name="migrations",
        argv=[sys.executable, "-m", "deploy.local.migrate"],
        log=log,
        env={**os.environ, variables.OWNER_DSNS: json.dumps(owners)},
        cwd=CHECKOUT,
    )


def wait_migrated(child: Child) -> None:
    """Wait until the migrations are done. Raises StackError if they fail."""
    child.wait_until(lambda: not child.running, timeout_s=_MIGRATE_TIMEOUT_S)
    if child.exit_code != 0:
        raise child.death()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every service is told about its surroundings."""

    stack: Stack
    issuer: Issuer
    databases: Mapping[str, ServiceDsns]
    ports: Mapping[str, int]
    logs: Path


def service_child(service: str, around: Surroundings) -> Child:
    """Return the service as a process that serves, relays and consumes in one."""
    told = {
        "TONGZHOU_DATABASE_URL": around.databases[service].app,
        variables.BOOTSTRAP_SERVERS: around.stack.bootstrap_servers,
        "TONGZHOU_ISSUER": around.issuer.url,
        "TONGZHOU_JWKS_URL": around.issuer.jwks_url,
        "TONGZHOU_AUDIENCE": AUDIENCE,
        "TONGZHOU_HTTP_HOST": LOOPBACK,
        "TONGZHOU_HTTP_PORT": str(around.ports[service]),
        "TONGZHOU_SIGNING_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "TONGZHOU_LOG_FORMAT": "json",
        "TONGZHOU_MAX_CONNECTIONS": str(_CONNECTIONS),
    }
    # Other settings of the shell reach the service, such as where traces go; an address of a
    # database does not, lest a local run writes to another one.
    inherited = {
        key: value for key, value in os.environ.items() if not key.endswith("DATABASE_URL")
    }
    return Child(
        name=service,
        argv=[sys.executable, "-m", f"services.{service}", "all"],
        log=around.logs / f"{service}.log",
        env={**inherited, **told},
        cwd=CHECKOUT,
    )


def is_ready(port: int) -> bool:
    """Tell whether the service answers 200 on /readyz."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_PROBE_TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
