"""Positions that the broker no longer has: said aloud, decided on, never jumped over.

A stored offset beyond the topic's end means that the broker lost its data or was restored to an
earlier state: the partition is read again from its first record, which is safe, because watermarks
and inbox know what was applied. A stored offset before the topic's first record means that records
were deleted before they were read: nothing of the partition is applied until a person has accepted
that, because the things that those records told of are then known only as far as later events tell.
"""

from dataclasses import dataclass

from shared import logs
from shared.db.database import Transaction
from shared.messaging import inbox, requests
from shared.messaging.requests import KERNEL, OperationOpen, Wish

_LOG = logs.get("tongzhou.positions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a consumer stands in one partition, and what the broker has of it."""

    topic: str
    partition: int
    stored: int
    first: int
    end: int

    @property
    def is_beyond_the_end(self) -> bool:
        """Whether the broker has less than was read already."""
        return self.stored > self.end

    @property
    def is_before_the_first(self) -> bool:
        """Whether records were deleted that were never read."""
        return self.stored < self.first

    @property
    def is_lost(self) -> bool:
        """Whether the broker does not have what is to be read next."""
        return self.is_beyond_the_end or self.is_before_the_first


async def report(work: Transaction, consumer: str, position: Position, *, service: str) -> None:
    """Note a lost position, and set it anew where that needs nobody's decision."""
    _LOG.error(
        "consumer.position_lost",
        topic=position.topic,
        partition=position.partition,
        stored=position.stored,
        first=position.first,
        end=position.end,
    )
    target = {
        "consumer": consumer,
        "topic": position.topic,
        "partition": str(position.partition),
        "to": str(position.first),
    }
    preview = {"stored": position.stored, "first": position.first, "next": position.end}
    reason = (
        "the broker has less than was read: the partition is read again from its first record"
        if position.is_beyond_the_end
        else "records were deleted before they were read"
    )
    wish = Wish(kind="reposition", target=target, preview=preview, reason=reason, by=KERNEL)
    try:
        async with work.savepoint():
            operation = await requests.request(work, wish)
    except OperationOpen:
        return
    if position.is_beyond_the_end:
        figures = await carry_out(work, operation)
        await requests.carried_out(work, operation, figures, service=service)


async def carry_out(work: Transaction, operation: requests.Operation) -> dict[str, int]:
    """Set the stored offset to the first record that the broker had."""
    target = operation.target
    consumer, topic, partition = target["consumer"], target["topic"], int(target["partition"])
    stored = await inbox.fence(work, consumer, topic, partition)
    await inbox.store_offset(work, consumer, topic, partition, int(target["to"]))
    return {"from": stored, "to": int(target["to"])}
