"""A process killed at every point of the kernel's paths: after each, every invariant holds."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.stack import Stack
from tests.proof.scenes import LISTED, POINTS, SCENES, crash_at, differs
from tests.proof.sweep import Sweep, sweep_on
from tests.proof.victims import PATHS
from tests.support.databases import Databases

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("topics")]


@pytest.fixture(scope="module")
async def sweep(databases: Databases, stack: Stack, topics: None) -> AsyncIterator[Sweep]:
    """One town for all crashes."""
    async with sweep_on(databases, stack.bootstrap_servers, run=30) as made:
        yield made


@pytest.mark.timeout(120)
class TestCrash:
    async def test_points_are_all_listed(self, sweep: Sweep) -> None:
        assert SCENES.keys() == PATHS.keys()
        found = []
        for scene in SCENES.values():
            found += await scene(sweep, None)
            await sweep.settle()
            assert await sweep.broken() == []

        new, gone = sorted(set(found) - set(POINTS)), sorted(set(POINTS) - set(found))

        assert (new, gone) == ([], []), f"{LISTED.name} needs {new} and not {gone}"
        assert len(POINTS) == len(set(POINTS)) >= 30

    @pytest.mark.parametrize("point", [point for point in POINTS if differs(point)])
    async def test_leaves_every_invariant_whole(self, sweep: Sweep, point: str) -> None:
        assert await crash_at(sweep, point) == []


ONE = (
    "WHERE ctid = (SELECT ctid FROM {table} AS t ORDER BY EXISTS "
    "(SELECT FROM parked_key AS p WHERE p.key = to_jsonb(t)->>'id'), ctid LIMIT 1)"
)
"""One row, of a key that is not held where there is a choice: what is held may not agree yet."""
TAMPERED = [
    ("projected", "UPDATE projected SET balance_fen = balance_fen + 1", "I1 money"),
    ("account", "UPDATE account SET balance_fen = balance_fen + 1", "I1 money"),
    ("account", "UPDATE account SET version = version + 1", "I3 acknowledged"),
    ("promised", "DELETE FROM promised", "I3, I4 promised"),
    ("account", "DELETE FROM account", "I4 phantom"),
    ("process", "UPDATE process SET version = version + 1", "I5 order"),
    ("effect", "UPDATE effect SET sequence = coalesce(sequence, 1) + 1", "I2, I5 effects"),
    (
        "consumer_offset",
        "UPDATE consumer_offset SET next_offset = next_offset + 1",
        "I6, I7 partition",
    ),
    ("effect", "DELETE FROM effect", "I7, I9 consumed"),
    ("process", "UPDATE process SET state = state - 'taken'", "process"),
]


class TestInvariants:
    @pytest.mark.parametrize(("table", "tamper", "named"), TAMPERED)
    async def test_name_what_is_broken(
        self, sweep: Sweep, table: str, tamper: str, named: str
    ) -> None:
        await SCENES["write"](sweep, None)
        await sweep.settle()
        assert await sweep.broken() == []

        found = await sweep.broken_by(f"{tamper} {ONE.format(table=table)}")

        assert any(sentence.startswith(named) for sentence in found), found

    async def test_see_an_effect_twice(self, sweep: Sweep) -> None:
        found = await sweep.broken_by(
            "INSERT INTO effect (event_id, subject, sequence) "
            "SELECT event_id, subject, sequence FROM effect"
        )

        assert "I2 an event took effect twice" in found

    async def test_name_a_point_that_is_never_reached(self, sweep: Sweep) -> None:
        with pytest.raises(AssertionError, match="never reached"):
            await SCENES["write"](sweep, "write/after:delete-account")
        await sweep.settle()
