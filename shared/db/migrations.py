"""Run one service's Alembic history against its own database, one process at a time."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.db.revision import VERSION_TABLE, head, versions

_LOCK = 0x746F6E67
"""Advisory lock of migrations: a second migrator waits for the first."""


def configuration(service: str) -> Config:
    """Return the Alembic configuration of a service."""
    config = Config()
    # Alembic reads the value through ConfigParser, where a lone % is an error.
    location = str(versions(service).parent).replace("%", "%%")
    config.set_main_option("script_location", location)
    config.set_main_option("path_separator", "newline")
    return config


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


def _sqlalchemy_url(dsn: str) -> str:
    parts = urlsplit(dsn)
    return urlunsplit(("postgresql+asyncpg", *parts[1:]))
