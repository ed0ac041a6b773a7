"""Read the records of a batch while the database works on the ones before.

A handler's statement takes about as long as reading a record does: side by side the two take the
time of one.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from shared.errors import DomainError
from shared.events.envelope import Event, Received
from shared.messaging.records import Record, read


class ReadAhead:
    """Readings of one batch, each taken once; what was not read ahead is read when it is taken."""

    def __init__(self) -> None:
        """Nothing is read before :meth:`reading`."""
        self._found: dict[int, Received[Event] | DomainError] = {}
        self._taken = -1

    @asynccontextmanager
    async def reading(self, records: Sequence[Record]) -> AsyncIterator[None]:
        """Read on in the background for the length of the block; offsets rise."""
        task = asyncio.create_task(self._read(records))
        try:
            yield
        finally:
            task.cancel()

    async def _read(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.offset > self._taken:
                try:
                    self._found[record.offset] = read(record)
                except DomainError as error:
                    self._found[record.offset] = error
                await asyncio.sleep(0)

    def take(self, record: Record) -> Received[Event]:
        """Return a record's event; raises what reading it raised."""
        self._taken = max(self._taken, record.offset)
        found = self._found.pop(record.offset, None)
        if found is None:
            return read(record)
        if isinstance(found, DomainError):
            raise found
        return found
