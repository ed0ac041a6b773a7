"""The live table: drawn in place on a terminal, plain lines everywhere else."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from deploy.local.table import StackTable, State


def _seconds(*instants: float) -> Callable[[], float]:
    remaining = list(instants)
    return lambda: remaining.pop(0) if len(remaining) > 1 else remaining[0]


def _plain(table_of: Callable[[Console], StackTable]) -> tuple[StackTable, io.StringIO]:
    output = io.StringIO()
    return table_of(Console(file=output, width=200)), output


def _start_in_vain(table: StackTable) -> None:
    with table:
        table.starting("postgres")
        table.ready("postgres")
        table.starting("kafka")
        raise OSError("no luck")


class TestPlainLines:
    def test_say_each_change_once(self) -> None:
        table, output = _plain(lambda console: StackTable(console, clock=_seconds(10.0, 12.5)))
        table.add("kafka", 9092)

        with table:
            table.starting("kafka")
            table.starting("kafka", "jars 12/46")
            table.ready("kafka")

        assert output.getvalue().splitlines() == [
            "kafka        starting  port 9092",
            "kafka        ready     port 9092 2.5 s",
        ]

    def test_say_what_was_starting_when_the_start_failed(self) -> None:
        table, output = _plain(StackTable)
        for component in ("postgres", "kafka", "registry"):
            table.add(component)

        with pytest.raises(OSError, match="no luck"):
            _start_in_vain(table)

        states = {row.component: row.state for row in table.rows.values()}
        assert states == {
            "postgres": State.READY,
            "kafka": State.FAILED,
            "registry": State.WAITING,
        }
        assert "kafka        failed" in output.getvalue()


class TestOnATerminal:
    def test_draws_component_state_port_and_seconds(self) -> None:
        output = io.StringIO()
        console = Console(file=output, force_terminal=True, width=100, no_color=True)
        table = StackTable(console, clock=_seconds(0.0, 3.0))
        table.add("registry", 8101)

        with table:
            table.starting("registry")
            table.ready("registry", "serving")

        drawn = output.getvalue()
        assert all(word in drawn for word in ("component", "state", "port", "seconds"))
        assert all(word in drawn for word in ("registry", "ready", "8101", "3.0", "serving"))
