"""The real events of a journey, read from Kafka beside the services, for people to look at."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.table import Table

from shared.events.catalogue import TOPICS
from shared.events.envelope import EVENT_TYPES
from shared.messaging import kafka
from shared.messaging.kafka import KafkaSettings, TopicPartition

QUIET_S = 0.4
POLL_MS = 100
MANY = 150
"""More events than people read one by one."""
OFTEN = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """One event on the wire: when it was recorded, and the case that it belongs to."""

    recorded_at: datetime
    type: str
    subject: str
    correlation: str


class Wire:
    """Reads every topic from where it stands now; belongs to no group and commits nothing."""

    def __init__(self, bootstrap_servers: str) -> None:
        """Connect in :meth:`start`."""
        self._client = kafka.reader(KafkaSettings(bootstrap_servers, "tongzhou-journeys"))
        self._seen: list[Seen] = []
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take position at the end of every topic."""
        await self._client.start()
        partitions = [
            TopicPartition(topic.name, number)
            for topic in TOPICS
            for number in range(topic.partitions)
        ]
        self._client.assign(partitions)
        for partition, end in (await self._client.end_offsets(partitions)).items():
            # Said now: an end that is looked up at the first fetch would miss what comes before it.
            self._client.seek(partition, end)
        self._task = asyncio.create_task(self._read())

    async def stop(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._client.stop()

    async def since(self, instant: datetime) -> list[Seen]:
        """Return the events recorded since an instant, once the wire has been quiet a moment."""
        count = -1
        while count != len(self._seen):
            count = len(self._seen)
            await asyncio.sleep(QUIET_S)
        recent = [seen for seen in self._seen if seen.recorded_at >= instant]
        return sorted(recent, key=lambda seen: seen.recorded_at)

    async def _read(self) -> None:
        while True:
            batches = await self._client.getmany(timeout_ms=POLL_MS)
            for records in batches.values():
                self._seen.extend(_seen(dict(record.headers)) for record in records)


def _seen(headers: dict[str, bytes]) -> Seen:
    def text(name: str) -> str:
        return headers.get(name, b"").decode()

    return Seen(
        recorded_at=datetime.fromisoformat(text("ce_recordedtime")),
        type=text("ce_type"),
        subject=text("ce_subject"),
        correlation=text("ce_correlation"),
    )


def timeline(title: str, began: datetime, events: Sequence[Seen]) -> Table:
    """Lay out events by time; repeated ones become one row with their count."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("ms", justify="right")
    table.add_column("service", no_wrap=True)
    table.add_column("event", no_wrap=True)
    table.add_column("meaning", overflow="fold")
    for phase in phases(events):
        for run in phase.values():
            _add_run(table, began, run)
    return table


def phases(events: Sequence[Seen]) -> list[dict[str, list[Seen]]]:
    """Group events by type, phase by phase; within a phase types stand as they first came.

    A few events keep their order: a phase ends with its type. Of many, which come interleaved
    (applied, issued, reserved, applied, …), a phase ends when a new type follows a repetition.
    """
    repeated = OFTEN if len(events) > MANY else 1
    found: list[dict[str, list[Seen]]] = []
    for event in events:
        current = found[-1] if found else None
        is_new = current is None or event.type not in current
        if current is None or (is_new and max(map(len, current.values())) >= repeated):
            current = {}
            found.append(current)
        current.setdefault(event.type, []).append(event)
    return found


def _add_run(table: Table, began: datetime, run: Sequence[Seen]) -> None:
    service, _, rest = run[0].type.partition(".")
    declared = EVENT_TYPES.get(run[0].type)
    meaning = " ".join((declared.__doc__ or "").split()) if declared else ""
    elapsed = int((run[0].recorded_at - began).total_seconds() * 1000)
    name = rest.rpartition(".")[0]
    count = f" ×{len(run)}" if len(run) > 1 else ""
    table.add_row(f"{elapsed:,}", service, f"{name}{count}", meaning)
