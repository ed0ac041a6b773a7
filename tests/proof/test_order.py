"""The order proof in short: 24 writers, rollbacks and delays, undisturbed and under faults."""

from functools import partial

import pytest

from deploy.local.stack import Stack
from tests.proof.interleavings import TRAPS, Trap, pass_through, spring
from tests.proof.runs import Outcome, Plan, broker_away, play, relays_hurt, undisturbed
from tests.support.databases import Databases

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("topics")]

SEED = 20261125


async def outcome_of(plan: Plan, run: int, databases: Databases, stack: Stack) -> Outcome:
    """Make a run and show what it measured."""
    outcome = await play(plan, databases=databases, stack=stack, run=run, seed=SEED)
    print(outcome.as_json())  # noqa: T201 -- pytest shows it where the test fails
    return outcome


@pytest.mark.timeout(180)
class TestOrder:
    async def test_is_kept_with_nothing_lost_and_nothing_twice(
        self, databases: Databases, stack: Stack
    ) -> None:
        plan = Plan("undisturbed", undisturbed, 20_000, deaths=0, processes=2)

        outcome = await outcome_of(plan, 1, databases, stack)

        assert outcome.violations == {}
        assert outcome.verdict.committed >= 20_000
        assert outcome.written["rolled_back"] > 50

    async def test_survives_relays_that_are_killed_stopped_and_woken(
        self, databases: Databases, stack: Stack
    ) -> None:
        outcome = await outcome_of(
            Plan("relays hurt", relays_hurt, 6_000, deaths=2), 2, databases, stack
        )

        assert outcome.violations == {}

    async def test_survives_a_broker_that_is_killed(
        self, databases: Databases, stack: Stack
    ) -> None:
        away = partial(broker_away, stack=stack, outage_s=5)

        outcome = await outcome_of(Plan("broker away", away, 4_000, deaths=1), 3, databases, stack)

        assert outcome.violations == {}
        assert outcome.figures["outbox_at_return"] > 0


class TestPlantedRelays:
    @pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
    async def test_are_found_out(self, trap: Trap, databases: Databases, stack: Stack) -> None:
        verdict = await spring(trap, databases, stack.bootstrap_servers, 10 + TRAPS.index(trap))

        assert trap.caught_by in verdict.violations

    @pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
    async def test_fall_where_the_real_one_passes(
        self, trap: Trap, databases: Databases, stack: Stack
    ) -> None:
        verdict = await pass_through(
            trap, databases, stack.bootstrap_servers, 20 + TRAPS.index(trap)
        )

        assert verdict.violations == {}
        assert verdict.duplicates == 0
