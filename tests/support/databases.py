"""Databases for tests: one migrated template per service, one fast copy per test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from shared.db import migrations
from shared.db.provision import ServiceDsns, provision

OWNER_PASSWORD = "owner-of-a-test"  # made for a throw-away server
APP_PASSWORD = "app-of-a-test"  # made for a throw-away server


class Databases:
    """Makes databases on the test run's PostgreSQL."""

    def __init__(self, admin_dsn: str, *, prefix: str) -> None:
        self.admin_dsn = admin_dsn
        self._prefix = prefix
        self._templates: dict[str, ServiceDsns] = {}
        self._numbers = count(1)

    async def template(self, service: str) -> ServiceDsns:
        """Return the service's migrated template, made on first use."""
        if service not in self._templates:
            dsns = await provision(
                self.admin_dsn,
                service,
                owner_password=OWNER_PASSWORD,
                app_password=APP_PASSWORD,
                database=f"{self._prefix}_{service}",
            )
            await migrations.upgrade_async(service, dsns.owner)
            self._templates[service] = dsns
        return self._templates[service]

    @asynccontextmanager
    async def fresh(self, service: str) -> AsyncIterator[ServiceDsns]:
        """Lend an empty, migrated database of a service."""
        template = await self.template(service)
        name = f"{self._prefix}_{service}_{next(self._numbers)}"
        source = urlsplit(template.app).path.lstrip("/")
        await self._administer(
            f'CREATE DATABASE "{name}" TEMPLATE "{source}" OWNER "{service}_owner"'
        )
        try:
            yield ServiceDsns(_renamed(template.owner, name), _renamed(template.app, name))
        finally:
            await self._administer(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def _administer(self, statement: str) -> None:
        """Run one statement on a connection of its own: a test may have killed the server."""
        admin = await asyncpg.connect(self.admin_dsn)
        try:
            await admin.execute(statement)
        finally:
            await admin.close()


def _renamed(dsn: str, database: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))
