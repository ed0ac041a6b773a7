"""Hold the declared tables of a service against what its migrations make."""

import importlib
import re
from pathlib import Path

import asyncpg
from sqlalchemy import Table, create_mock_engine
from sqlmodel import SQLModel

from shared.db.kernel import VERSION_1, VERSION_2
from shared.db.revision import VERSION_TABLE

SERVICES = Path(__file__).parents[2] / "services"
KERNEL = {VERSION_TABLE, *re.findall(r"CREATE TABLE (\w+)", "".join((*VERSION_1, *VERSION_2)))}

Columns = dict[str, tuple[str, bool]]
"""Of one table: type and whether it may be null, by column."""

MIGRATED = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS kind, NOT a.attnotnull
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped
"""


def declared_tables(service: str) -> dict[str, Columns]:
    """Read the table models of every slice of a service."""
    found: dict[str, Columns] = {}
    for file in sorted((SERVICES / service).glob("*/tables.py")):
        module = importlib.import_module(f"services.{service}.{file.parent.name}.tables")
        for model in vars(module).values():
            table = getattr(model, "__table__", None)
            if isinstance(model, type) and issubclass(model, SQLModel) and isinstance(table, Table):
                found[table.name] = _columns(table)
    return found


async def migrated_tables(owner_dsn: str) -> dict[str, Columns]:
    """Read what the migrations made, beside the kernel's tables."""
    connection = await asyncpg.connect(owner_dsn)
    try:
        rows = await connection.fetch(MIGRATED)
    finally:
        await connection.close()
    found: dict[str, Columns] = {}
    for table, column, kind, nullable in rows:
        if table not in KERNEL:
            found.setdefault(table, {})[column] = (kind, nullable)
    return found


def _columns(table: Table) -> Columns:
    # A mock engine is the typed way to a dialect; it never connects.
    dialect = create_mock_engine("postgresql+asyncpg://", lambda *_: None).dialect
    return {
        column.name: (column.type.compile(dialect).lower(), bool(column.nullable))
        for column in table.columns
    }
