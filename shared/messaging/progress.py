"""Whether a consumer gets on: how far behind it is, and when it last did something about it.

The client library has ways to stop in silence; a process that has work and does none is to be
restarted. A consumer that retries in place is at work, and one whose broker is away has nothing to
read: neither would be helped by a restart.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping

from shared import metrics
from shared.messaging.kafka import AIOKafkaConsumer, KafkaError, TopicPartition

LOOK_EVERY_S = 5.0
LOOK_DEADLINE_S = 5.0
STALLED_S = 60.0
"""Work without an attempt at it for so long means that the consumer has stopped."""


class Progress:
    """The lag of one consumer, and the time of its last attempt."""

    def __init__(self, *, read_monotonic: Callable[[], float] = time.monotonic) -> None:
        """``read_monotonic`` is in seconds."""
        self._read = read_monotonic
        self._last = read_monotonic()
        self._behind = 0

    def tried(self) -> None:
        """Note that a batch is being applied."""
        self._last = self._read()

    def saw(self, lag: Mapping[str, int]) -> None:
        """Note how many records per topic are still to be read; nothing known is no lag."""
        self._behind = sum(lag.values())
        if self._behind == 0:
            self._last = self._read()
        for topic, records in lag.items():
            metrics.CONSUMER_LAG.set(records, {"topic": topic})
        metrics.CONSUMER_STALLED.set(self.idle_s())

    def idle_s(self) -> float:
        """Return for how many seconds there has been work and no attempt at it."""
        return self._read() - self._last if self._behind else 0.0

    def stalled(self) -> bool:
        """Tell whether the consumer has stopped although there is work."""
        return self.idle_s() > STALLED_S

    async def watch(
        self, client: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]
    ) -> None:
        """Compare where the partitions end with where this consumer is, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            partitions = list(client.assignment())
            try:
                async with asyncio.timeout(LOOK_DEADLINE_S):
                    ends = await client.end_offsets(partitions) if partitions else {}
            except (KafkaError, OSError, TimeoutError):
                ends = {}
            lag: Counter[str] = Counter()
            for partition, end in ends.items():
                lag[partition.topic] += max(0, end - positions.get(partition, 0))
            self.saw(lag)
