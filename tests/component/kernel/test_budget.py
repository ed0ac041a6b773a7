"""What an event costs PostgreSQL stays within the committed budget, and more is noticed."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from bench import budget, commanding, consuming
from bench.budget import ROUND_TRIPS, STATEMENTS, WAL, Figures, Measure, exceeded
from shared.db.database import Transaction
from shared.events.envelope import Cause, Event, Received
from shared.messaging import limits
from tests.support.databases import Databases
from tests.support.toy import SERVICE

pytestmark = pytest.mark.component

PAGE = f"page of {limits.PAGE_ROWS}"
BUDGETS = budget.budgets()
FITTING: Figures = {STATEMENTS: 7, ROUND_TRIPS: 6, WAL: 900}


async def measured(databases: Databases, measure: Measure) -> Figures:
    """Measure on a database of its own."""
    async with databases.fresh(SERVICE) as dsns:
        return await measure(databases.admin_dsn, dsns)


class TestBudget:
    def test_names_everything_that_is_measured(self) -> None:
        assert BUDGETS.keys() == budget.MEASURES.keys()

    @pytest.mark.parametrize("name", budget.MEASURES)
    async def test_holds(self, databases: Databases, name: str) -> None:
        figures = await measured(databases, budget.MEASURES[name])

        assert exceeded(BUDGETS[name], figures, of=name) == []


class PryingDatabase(commanding.QuietDatabase):
    """Asks one question more in every unit of work."""

    @asynccontextmanager
    async def transaction(
        self, *, cause: Cause | None = None, deadline_s: float = 10.0
    ) -> AsyncIterator[Transaction]:
        """Run one unit of work."""
        async with super().transaction(cause=cause, deadline_s=deadline_s) as work:
            await work.fetchval("SELECT 1")
            yield work


class PryingLease(budget.PageLease):
    """Asks one question more for every page."""

    async def delete(self, positions: Sequence[int]) -> None:
        """Forget the page's rows."""
        await self.fetch("SELECT 1")
        await super().delete(positions)


async def note_and_ask(work: Transaction, received: Received[Event]) -> None:
    """Write the effect, and ask one question more."""
    await consuming.note(work, received)
    await work.fetchval("SELECT 1")


async def note_twice(work: Transaction, received: Received[Event]) -> None:
    """Write the effect, and a second row with it."""
    await consuming.note(work, received)
    await consuming.note(work, received)


class TestOneStatementMore:
    async def test_of_a_command_is_noticed(self, databases: Databases) -> None:
        figures = await measured(
            databases, lambda admin, dsns: budget.command(admin, dsns, made=PryingDatabase)
        )

        assert _above(figures, "command") == [STATEMENTS, ROUND_TRIPS]

    async def test_of_a_page_is_noticed(
        self, databases: Databases, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "PAGE_ROWS", 200)

        figures = await measured(
            databases, lambda admin, dsns: budget.page(admin, dsns, made=PryingLease)
        )

        assert _above(figures, PAGE) == [STATEMENTS, ROUND_TRIPS]

    async def test_of_a_handler_is_noticed(self, databases: Databases) -> None:
        figures = await measured(
            databases, lambda admin, dsns: budget.batch(admin, dsns, size=1, handler=note_and_ask)
        )

        assert _above(figures, "batch of 1") == [STATEMENTS, ROUND_TRIPS]

    async def test_that_writes_is_noticed_in_the_log_too(self, databases: Databases) -> None:
        figures = await measured(
            databases, lambda admin, dsns: budget.batch(admin, dsns, size=1, handler=note_twice)
        )

        assert _above(figures, "batch of 1") == [STATEMENTS, ROUND_TRIPS, WAL]


def _above(figures: Figures, name: str) -> list[str]:
    """Return the figures that the comparison reports."""
    problems = "\n".join(exceeded(BUDGETS[name], figures, of=name))
    return [figure for figure in figures if f"{name}: {figure} " in problems]


class TestComparison:
    def test_accepts_what_is_within_the_budget(self) -> None:
        assert exceeded(FITTING, {**FITTING, STATEMENTS: 6, WAL: 899.5}, of="command") == []

    @pytest.mark.parametrize("figure", FITTING)
    def test_tells_what_is_above_and_what_to_do(self, figure: str) -> None:
        problems = exceeded(FITTING, {**FITTING, figure: 901}, of="command")

        assert problems == [
            f"command: {figure} measured 901, the budget is {FITTING[figure]:g}; "
            "if it is meant, change bench/budget.json in the same commit and say why"
        ]

    def test_wants_each_figure_on_both_sides(self) -> None:
        short = {STATEMENTS: 7.0, ROUND_TRIPS: 6.0}

        assert len(exceeded(short, FITTING, of="command")) == 1
        assert len(exceeded(FITTING, short, of="command")) == 1
