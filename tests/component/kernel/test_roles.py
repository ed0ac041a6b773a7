"""Two roles per service: the application's owns nothing and reaches no other service's database."""

from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from tests.support.databases import Databases

pytestmark = pytest.mark.component


class TestApplicationRole:
    async def test_owns_nothing_and_cannot_change_the_schema(self, databases: Databases) -> None:
        async with databases.fresh("registry") as dsns:
            connection = await asyncpg.connect(dsns.app)
            try:
                owned = await connection.fetchval(
                    "SELECT count(*) FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner "
                    "WHERE rolname = current_user"
                )
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute("CREATE TABLE mine (id integer)")
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute("ALTER TABLE outbox ADD COLUMN mine integer")
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute("DROP TABLE outbox")
            finally:
                await connection.close()

        assert owned == 0

    async def test_reaches_no_other_services_database(self, databases: Databases) -> None:
        async with databases.fresh("registry") as registry:
            credit = await databases.template("credit")
            other = urlsplit(registry.app)._replace(path=urlsplit(credit.app).path)

            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(urlunsplit(other))
