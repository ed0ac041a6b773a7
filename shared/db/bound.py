"""The bound of the outbox: how many events may wait for the broker before writes are refused.

The depth is what was counted last plus what this process has written since, so that a burst
between two counts cannot run far past the bound. A relay elsewhere makes the estimate too high for
one count at most.
"""

from shared import metrics
from shared.errors import Transient

ALARM_ROWS = 10_000
LIMIT_ROWS = 100_000


class OutboxFull(Transient):
    """So many events wait for the broker that no further one is taken on."""

    code = "outbox-full"
    title_zh = "待发事件已达上限"
    title_en = "Too many events wait for the broker"


class OutboxBound:
    """What one process knows of its service's outbox."""

    def __init__(self, *, limit_rows: int = LIMIT_ROWS, alarm_rows: int = ALARM_ROWS) -> None:
        """At ``limit_rows`` writes are refused; above ``alarm_rows`` somebody is to be told."""
        self.limit_rows = limit_rows
        self.alarm_rows = alarm_rows
        self._depth = 0

    @property
    def alarming(self) -> bool:
        """Whether somebody is to be told."""
        return self._depth > self.alarm_rows

    def counted(self, depth: int) -> None:
        """Take over a fresh count of the outbox's rows."""
        self._depth = depth

    def written(self, rows: int) -> None:
        """Add rows that this process committed."""
        self._depth += rows

    def require_room(self) -> None:
        """Raise :class:`OutboxFull` at the bound."""
        if self._depth >= self.limit_rows:
            metrics.OUTBOX_REFUSALS.add(1)
            raise OutboxFull(f"{self.limit_rows} events wait for the broker already")
