"""The servers of the stack: they keep what they acknowledged, whatever is done to them."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local.stack import Stack, resolve_stack

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack for these tests alone: what they do to it must not reach others."""
    with resolve_stack(run_dir=tmp_path_factory.mktemp("船 own"), durable=False) as stack:
        yield stack


async def _execute(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


class TestPostgres:
    async def test_is_the_version_that_production_runs(self, own_stack: Stack) -> None:
        assert await _execute(own_stack.admin_dsn, "SHOW server_version") == "18.6"

    async def test_lets_nobody_in_without_the_password(self, own_stack: Stack) -> None:
        dsn = own_stack.admin_dsn.partition("@")[2]

        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://postgres:guess@{dsn}")

    async def test_keeps_committed_rows_through_a_crash(self, own_stack: Stack) -> None:
        await _execute(own_stack.admin_dsn, "CREATE TABLE kept AS SELECT 42 AS answer")

        own_stack.postgres.kill()
        assert not own_stack.postgres.ready()
        own_stack.postgres.restart()

        assert await _execute(own_stack.admin_dsn, "SELECT answer FROM kept") == 42

    async def test_goes_on_after_a_freeze(self, own_stack: Stack) -> None:
        own_stack.postgres.freeze()
        assert not own_stack.postgres.ready()

        own_stack.postgres.thaw()

        assert await _execute(own_stack.admin_dsn, "SELECT 1") == 1


class TestKafka:
    def test_comes_back_after_a_crash(self, own_stack: Stack) -> None:
        own_stack.kafka.kill()
        assert not own_stack.kafka.ready()

        own_stack.kafka.restart()

        assert own_stack.kafka.ready()

    def test_says_nothing_while_frozen_and_goes_on(self, own_stack: Stack) -> None:
        own_stack.kafka.freeze()
        assert not own_stack.kafka.ready()

        own_stack.kafka.thaw()

        own_stack.kafka.wait_ready()


def test_a_stopped_stack_leaves_only_its_logs(tmp_path: Path) -> None:
    with resolve_stack(run_dir=tmp_path, durable=False):
        pass

    assert {path.name for path in tmp_path.iterdir()} == {"logs"}
