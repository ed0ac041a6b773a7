"""Databases for tests: one migrated template per service, copies of it, used again once emptied."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from shared.db import migrations
from shared.db.provision import ServiceDsns, provision
from shared.db.revision import VERSION_TABLE, head

OWNER_PASSWORD = "owner-of-a-test"  # made for a throw-away server
APP_PASSWORD = "app-of-a-test"  # made for a throw-away server

_EMPTY = f"""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    DO $$
    DECLARE
        name regclass;
    BEGIN
        -- Append-only tables refuse this to every role: as a replica, no trigger is asked.
        PERFORM set_config('session_replication_role', 'replica', true);
        FOR name IN SELECT oid FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                AND relname <> '{VERSION_TABLE}'
        LOOP
            EXECUTE format('DELETE FROM %s', name);
        END LOOP;
        UPDATE {VERSION_TABLE} SET version_num = '{{revision}}';
        FOR name IN SELECT seqrelid FROM pg_sequence LOOP
            PERFORM setval(name, 1, false);
        END LOOP;
    END $$
"""  # noqa: S608 - constant


class Databases:
    """Makes databases on the test run's PostgreSQL."""

    def __init__(self, admin_dsn: str, *, prefix: str) -> None:
        self.admin_dsn = admin_dsn
        self._prefix = prefix
        self._templates: dict[str, ServiceDsns] = {}
        self._numbers = count(1)
        self._idle: defaultdict[str, list[ServiceDsns]] = defaultdict(list)

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
    async def lent(self, service: str) -> AsyncIterator[ServiceDsns]:
        """Lend an empty, migrated database whose tables stay as they are; emptied when it is back.

        The application role cannot change a table, so a test that has only it may use this one;
        emptying takes a tenth of the time of making.
        """
        idle = self._idle[service]
        dsns = idle.pop() if idle else await self._make(service)
        yield dsns
        # Only after a test that ended by itself: whatever else happened, nobody gets it again.
        await self._administer(_EMPTY.format(revision=head(service)), of=dsns)
        idle.append(dsns)

    @asynccontextmanager
    async def fresh(self, service: str) -> AsyncIterator[ServiceDsns]:
        """Lend an empty, migrated database of a service, which is dropped afterwards."""
        dsns = await self._make(service)
        try:
            yield dsns
        finally:
            await self._administer(f'DROP DATABASE "{_name(dsns)}" WITH (FORCE)')

    def superuser(self, dsn: str) -> str:
        """Return how the server's own superuser reaches a service's database."""
        return _renamed(self.admin_dsn, urlsplit(dsn).path.lstrip("/"))

    async def _make(self, service: str) -> ServiceDsns:
        template = await self.template(service)
        name = f"{self._prefix}_{service}_{next(self._numbers)}"
        await self._administer(
            f'CREATE DATABASE "{name}" TEMPLATE "{_name(template)}" OWNER "{service}_owner"'
        )
        return ServiceDsns(_renamed(template.owner, name), _renamed(template.app, name))

    async def _administer(self, statement: str, *, of: ServiceDsns | None = None) -> None:
        """Run one statement on a connection of its own: a test may have killed the server."""
        dsn = self.admin_dsn if of is None else _renamed(self.admin_dsn, _name(of))
        admin = await asyncpg.connect(dsn)
        try:
            await admin.execute(statement)
        finally:
            await admin.close()


def _name(dsns: ServiceDsns) -> str:
    return urlsplit(dsns.app).path.lstrip("/")


def _renamed(dsn: str, database: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))
