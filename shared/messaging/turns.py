"""Handlers put together: several slices of a service may care for one event."""

from shared.db.database import Transaction
from shared.events.envelope import Event, Received
from shared.messaging.apply import Handler


def in_turn(*handlers: Handler) -> Handler:
    """Let several slices take one event, one after the other, in its one transaction."""

    async def handle(work: Transaction, received: Received[Event]) -> None:
        for handler in handlers:
            await handler(work, received)

    return handle
