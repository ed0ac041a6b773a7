"""The live table of a starting stack: component, state, port, seconds.

On a terminal it redraws in place; into a file or a pipe each change is one plain line.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table


class State(StrEnum):
    """What a component is doing."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    STOPPED = "stopped"


_STYLES = {
    State.WAITING: "dim",
    State.STARTING: "yellow",
    State.READY: "green",
    State.FAILED: "bold red",
    State.STOPPED: "dim",
}
_REDRAWS_PER_S = 8


@dataclass(slots=True)
class Row:
    """One component; `since` is when it began to start, `seconds` how long it took."""

    component: str
    port: int | None = None
    state: State = State.WAITING
    detail: str = ""
    since: float | None = None
    seconds: float | None = None


@dataclass(slots=True)
class StackTable:
    """Shows the components while they start. A context manager around the start."""

    console: Console
    clock: Callable[[], float] = time.monotonic
    rows: dict[str, Row] = field(default_factory=dict)
    _live: Live | None = field(default=None, init=False)

    def add(self, component: str, port: int | None = None) -> None:
        """Announce a component that waits for its turn."""
        self.rows[component] = Row(component, port)

    def starting(self, component: str, detail: str = "") -> None:
        """Note that the component starts, or how far it is."""
        row = self.rows[component]
        if row.since is None:
            row.since = self.clock()
        self._change(row, State.STARTING, detail)

    def ready(self, component: str, detail: str = "") -> None:
        """Note that the component serves."""
        self._end(component, State.READY, detail)

    def failed(self, component: str, detail: str = "") -> None:
        """Note that the component could not be started."""
        self._end(component, State.FAILED, detail)

    def failed_those_starting(self) -> None:
        """Mark whatever was starting when the start was given up."""
        for row in self.rows.values():
            if row.state is State.STARTING:
                self._end(row.component, State.FAILED, row.detail)

    def _end(self, component: str, state: State, detail: str) -> None:
        row = self.rows[component]
        row.seconds = self.clock() - (self.clock() if row.since is None else row.since)
        self._change(row, state, detail)

    def _change(self, row: Row, state: State, detail: str) -> None:
        changed = row.state is not state
        row.state, row.detail = state, detail
        if self._live is not None:
            self._live.update(self)
        elif changed:
            port = "-" if row.port is None else str(row.port)
            took = "" if row.seconds is None else f" {row.seconds:.1f} s"
            line = f"{row.component:<12} {state:<9} port {port}{took} {detail}"
            self.console.print(line.rstrip(), highlight=False, markup=False, soft_wrap=True)

    def __rich__(self) -> Table:
        """Draw the table; seconds of what still starts run on."""
        table = Table(box=None, pad_edge=False)
        for heading in ("component", "state", "port", "seconds", ""):
            table.add_column(heading, justify="right" if heading == "seconds" else "left")
        for row in self.rows.values():
            elapsed = row.seconds
            if elapsed is None and row.since is not None:
                elapsed = self.clock() - row.since
            table.add_row(
                row.component,
                f"[{_STYLES[row.state]}]{row.state}[/]",
                "" if row.port is None else str(row.port),
                "" if elapsed is None else f"{elapsed:.1f}",
                row.detail,
            )
        return table

    def __enter__(self) -> Self:
        """Start drawing."""
        if self.console.is_terminal:
            self._live = Live(self, console=self.console, refresh_per_second=_REDRAWS_PER_S)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last drawing on the screen."""
        if error is not None:
            self.failed_those_starting()
        if self._live is not None:
            self._live.stop()
            self._live = None
