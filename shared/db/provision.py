"""Make one service's database and its two roles: an owner that migrates, a user that owns nothing.

Development and tests call this; in production an administrator runs the same statements once.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg


@dataclass(frozen=True, slots=True)
class ServiceDsns:
    """How the two roles reach the service's database."""

    owner: str
    app: str


async def provision(
    admin_dsn: str,
    service: str,
    *,
    owner_password: str,
    app_password: str,
    database: str | None = None,
) -> ServiceDsns:
    """Create roles, database and rights; what exists already is kept and its passwords are reset.

    ``database`` defaults to the service's name; tests make several databases with the same roles.
    """
    database = database or service
    owner, app = f"{service}_owner", f"{service}_app"
    connection = await asyncpg.connect(admin_dsn)
    try:
        for role, password in ((owner, owner_password), (app, app_password)):
            await _ensure_role(connection, role, password)
        exists = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database)
        if not exists:
            await connection.execute(f'CREATE DATABASE "{database}" OWNER "{owner}"')
        await connection.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
        await connection.execute(f'GRANT CONNECT, TEMPORARY ON DATABASE "{database}" TO "{app}"')
    finally:
        await connection.close()
    dsns = ServiceDsns(
        owner=_dsn(admin_dsn, owner, owner_password, database),
        app=_dsn(admin_dsn, app, app_password, database),
    )
    await _grant_rights(dsns.owner, app)
    return dsns


async def _ensure_role(
    connection: "asyncpg.Connection[asyncpg.Record]", role: str, password: str
) -> None:
    exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    verb = "ALTER" if exists else "CREATE"
    literal = await connection.fetchval("SELECT quote_literal($1::text)", password)
    await connection.execute(f'{verb} ROLE "{role}" LOGIN NOBYPASSRLS PASSWORD {literal}')


async def _grant_rights(owner_dsn: str, app: str) -> None:
    """Let the application role read and write rows of tables that the owner will create."""
    connection = await asyncpg.connect(owner_dsn)
    try:
        await connection.execute(f'GRANT USAGE ON SCHEMA public TO "{app}"')
        await connection.execute(
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public "
            f'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{app}"'
        )
        await connection.execute(
            f'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO "{app}"'
        )
    finally:
        await connection.close()


def _dsn(admin_dsn: str, role: str, password: str, database: str) -> str:
    parts = urlsplit(admin_dsn)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{quote(role)}:{quote(password)}@{host}"
    return urlunsplit((parts.scheme, netloc, f"/{quote(database)}", parts.query, ""))
