"""The declared tables are exactly what the migrations make."""

import pytest

from tests.support.databases import Databases
from tests.support.tables import declared_tables, migrated_tables

pytestmark = pytest.mark.component


async def test_declare_every_table_and_column(databases: Databases) -> None:
    template = await databases.template("credit")

    migrated = await migrated_tables(template.owner)

    assert "loan" in migrated
    assert declared_tables("credit") == migrated


async def test_would_miss_a_column(databases: Databases) -> None:
    template = await databases.template("credit")
    migrated = await migrated_tables(template.owner)

    del migrated["loan"]["closed_on"]

    assert declared_tables("credit") != migrated
