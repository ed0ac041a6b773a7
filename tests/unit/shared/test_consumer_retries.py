"""How a batch is tried again: smaller each time, patiently only with data of other topics."""

from collections import Counter
from collections.abc import Sequence
from typing import cast

import pytest

from shared.db.database import Database, DatabaseUnavailable
from shared.messaging import consumer as consumers
from shared.messaging.apply import Applier, Outcome, PositionAhead
from shared.messaging.consumer import PATIENCE_ATTEMPTS, Consumer
from shared.messaging.kafka import KafkaSettings, TopicPartition
from shared.messaging.records import NotYet, Record

PARTITION = TopicPartition("tongzhou.registry.enterprise.v1", 0)


class ScriptedApplier:
    """Fails as it was told to, and notes what it was asked."""

    consumer = "toy"

    def __init__(self, *, largest: int = 1000, failures: Sequence[Exception] = ()) -> None:
        self._largest = largest
        self._failures = list(failures)
        self.applied: list[int] = []
        self.asked: list[tuple[int, int | None, bool]] = []

    async def apply(
        self, batch: Sequence[Record], *, position: int | None, patient: bool
    ) -> Counter[Outcome]:
        """Apply, unless a failure is left or the batch is too large for the deadline."""
        self.asked.append((len(batch), position, patient))
        if self._failures:
            raise self._failures.pop(0)
        if len(batch) > self._largest:
            raise DatabaseUnavailable("slower than the deadline")
        self.applied += [record.offset for record in batch]
        return Counter()


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "FIRST_BACKOFF_S", 0.0)


async def work(applier: ScriptedApplier, count: int) -> None:
    made = Consumer(
        Database("postgresql://none"), cast("Applier", applier), KafkaSettings("none", "x"), []
    )
    made._next[PARTITION] = 0
    batch = [Record(PARTITION.topic, 0, offset, "k", {}, b"") for offset in range(count)]
    await made._work(PARTITION, batch)


class TestBatch:
    async def test_that_is_too_slow_is_applied_in_parts_and_in_order(self) -> None:
        applier = ScriptedApplier(largest=60)

        await work(applier, 500)

        assert applier.applied == list(range(500))

    async def test_parts_are_read_from_where_the_last_one_ended(self) -> None:
        applier = ScriptedApplier(failures=[DatabaseUnavailable("away")])

        await work(applier, 4)

        assert [(size, position) for size, position, _ in applier.asked] == [(4, 0), (2, 0), (2, 2)]

    async def test_gives_up_its_session_when_it_was_read_from_beyond(self) -> None:
        with pytest.raises(PositionAhead):
            await work(ScriptedApplier(failures=[PositionAhead("5 is above 3")]), 4)


class TestPatience:
    async def test_is_not_used_up_by_an_outage(self) -> None:
        outage = [DatabaseUnavailable("away")] * (PATIENCE_ATTEMPTS + 5)
        applier = ScriptedApplier(failures=[*outage, NotYet("its enterprise is not here")])

        await work(applier, 1)

        assert all(patient for _, _, patient in applier.asked)

    async def test_ends_after_so_many_waits_for_data(self) -> None:
        applier = ScriptedApplier(failures=[NotYet("not here")] * PATIENCE_ATTEMPTS)

        await work(applier, 1)

        patience = [patient for _, _, patient in applier.asked]
        assert patience == [True] * PATIENCE_ATTEMPTS + [False]
