"""Bugs to plant in a service, so that it can be seen that the checks find them."""

from collections.abc import Callable, Sequence
from typing import Any

from shared.db.database import Row
from shared.messaging.apply import Applier
from shared.messaging.leases import Lease
from shared.messaging.records import read
from shared.web.commands import Command


def no_dedupe() -> None:
    """A consumer that takes every copy of an event for a new one."""

    async def apply_one(self: Any, batch: Any, record: Any) -> Any:  # noqa: ANN401 -- a private method's
        received = read(record)
        if received.sequence is not None:
            batch.watermarks.advance(received.data.aggregate(), received.subject, received.sequence)
        return await self._handle(batch, received)

    Applier._apply_one = apply_one  # type: ignore[method-assign]  # a planted bug


def delete_before_ack() -> None:
    """A relay that forgets rows once it has read them, before the broker has them."""
    fetch = Lease.fetch

    async def fetch_and_forget(self: Lease, sql: str, *args: object) -> list[Row]:
        rows = await fetch(self, sql, *args)
        if rows and "payload" in rows[0]:
            await self.delete([row["position"] for row in rows])
        return rows

    Lease.fetch = fetch_and_forget  # type: ignore[method-assign]  # a planted bug


def no_idempotency() -> None:
    """A command that runs again for each repetition of its key."""

    async def claim_key(self: Command, work: object) -> None:
        return None

    Command._claim_key = claim_key  # type: ignore[method-assign]  # a planted bug


def skip_last() -> None:
    """A relay that loses the last row of each page of several."""
    fetch = Lease.fetch

    async def fetch_less(self: Lease, sql: str, *args: object) -> list[Row]:
        rows: Sequence[Row] = await fetch(self, sql, *args)
        if len(rows) > 1 and "payload" in rows[0]:
            await self.delete([rows[-1]["position"]])
            return list(rows[:-1])
        return list(rows)

    Lease.fetch = fetch_less  # type: ignore[method-assign]  # a planted bug


PLANTS: dict[str, Callable[[], None]] = {
    "no-dedupe": no_dedupe,
    "delete-before-ack": delete_before_ack,
    "no-idempotency": no_idempotency,
    "skip-last": skip_last,
}


def plant(name: str) -> None:
    """Plant the named bug, or none."""
    if name:
        PLANTS[name]()
