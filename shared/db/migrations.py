"""Run one service's Alembic history against its own database, one process at a time."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

ROOT = Path(__file__).resolve().parents[2]
VERSION_TABLE = "schema_revision"
_LOCK = 0x746F6E67
"""Advisory lock of migrations: a second migrator waits for the first."""


def configuration(service: str) -> Config:
    """Return the Alembic configuration of a service."""
    config = Config()
    # Alembic reads the value through ConfigParser, where a lone % is an error.
    location = str(ROOT / "services" / service / "migrations").replace("%", "%%")
    config.set_main_option("script_location", location)
    config.set_main_option("path_separator", "newline")
    return config


def head(service: str) -> str:
    """Return the newest revision of a service's history."""
    revision = ScriptDirectory.from_config(configuration(service)).get_current_head()
    if revision is None:
        raise LookupError(f"{service} has no migrations")
    return revision


def upgrade(service: str, owner_dsn: str) -> str:
    """Bring the database to the newest revision and return it; nothing happens if it is there."""
    asyncio.run(upgrade_async(service, owner_dsn))
    return head(service)


async def upgrade_async(service: str, owner_dsn: str) -> None:
    """Do the same from within an event loop."""
    engine = create_async_engine(_sqlalchemy_url(owner_dsn), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade, service)
            await connection.commit()
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, service: str) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
    config = configuration(service)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def run_environment(config: Config, tables: Sequence[MetaData] = ()) -> None:
    """Be the body of every service's ``env.py``: run on the connection that was handed over.

    ``tables`` are what the slices declare: Alembic drafts the next migration from the difference.
    """
    from alembic import context  # noqa: PLC0415 - the proxy exists only while Alembic runs

    context.configure(
        connection=config.attributes["connection"],
        target_metadata=list(tables),
        version_table=VERSION_TABLE,
        transaction_per_migration=False,
        transactional_ddl=True,
    )
    context.run_migrations()


async def current_revision(app_dsn: str) -> str | None:
    """Return the database's revision, or None before the first migration."""
    connection = await asyncpg.connect(app_dsn, timeout=5)
    try:
        if await connection.fetchval("SELECT to_regclass($1)", VERSION_TABLE) is None:
            return None
        found: str | None = await connection.fetchval(
            f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608 - our own constant
        )
        return found
    finally:
        await connection.close()


def applied_revision(connection: Connection) -> str | None:
    """Return the revision that a synchronous connection sees."""
    options = {"version_table": VERSION_TABLE}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def _sqlalchemy_url(dsn: str) -> str:
    parts = urlsplit(dsn)
    return urlunsplit(("postgresql+asyncpg", *parts[1:]))
