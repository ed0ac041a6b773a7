"""The declared tables are exactly what the migrations make."""

import pytest

from tests.support.databases import Databases
from tests.support.tables import declared_tables, migrated_tables

pytestmark = pytest.mark.component


async def test_declare_every_table_and_column(databases: Databases) -> None:
    template = await databases.template("notify")

    migrated = await migrated_tables(template.owner)

    assert "feed_entry" in migrated
    assert declared_tables("notify") == migrated


async def test_would_miss_a_column(databases: Databases) -> None:
    template = await databases.template("notify")
    migrated = await migrated_tables(template.owner)

    del migrated["feed_entry"]["state_key"]

    assert declared_tables("notify") != migrated
