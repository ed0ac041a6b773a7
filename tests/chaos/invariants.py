"""What must hold once the faults are over, checked against the model, the broker and every table.

The numbers are those of docs/reliability.md. A check counts how often it held, so that a report
says how much was looked at, and words what did not hold.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import asyncpg
import httpx

from shared.events.catalogue import consumed_by
from shared.events.registry import EnterpriseRegistered, ProfileRecorded
from tests.chaos import wire as on_wire
from tests.chaos.findings import Findings
from tests.chaos.firms import CODES, MARK, FirmClients
from tests.chaos.history import History, Operation, Outcome
from tests.chaos.ledger import GUARANTEES, LOANS, Ledger
from tests.chaos.lending import LendingClients
from tests.chaos.wire import Wire
from tests.chaos.world import World

REPEATED_KEYS = 20
ENTERPRISE = "registry.enterprise"
LEFT_OVER = """
    SELECT (SELECT count(*) FROM outbox) AS outbox,
        (SELECT count(*) FROM outbox_scheduled WHERE not_before < now()) AS scheduled,
        (SELECT count(*) FROM parked_event) AS parked,
        (SELECT count(*) FROM process WHERE NOT ended AND deadline < now()) AS late
"""
PARKED = (
    "SELECT topic, key, reason, error FROM parked_event WHERE reason <> 'queued-behind' LIMIT 5"
)


@dataclass(slots=True)
class Checker:
    """Checks a world that has come to rest."""

    world: World
    history: History
    firms: FirmClients
    lending: LendingClients | None
    wire: Wire
    findings: Findings = field(default_factory=Findings)

    async def left_over(self) -> dict[str, Any]:
        """Return what is still under way, by service; empty once all has drained (I6)."""
        found: dict[str, Any] = {}
        ends = await on_wire.ends(self.world.kafka)
        for name in self.world.names:
            connection = await self.world.connect(name)
            try:
                row = await connection.fetchrow(LEFT_OVER)
                rest = {key: count for key, count in dict(row or {}).items() if count}
                lag = await self._lag(connection, name, ends)
            finally:
                await connection.close()
            if lag:
                rest["lag"] = lag
            if rest:
                found[name] = rest
        return found

    @staticmethod
    async def _lag(
        connection: "asyncpg.Connection[asyncpg.Record]",
        name: str,
        ends: dict[tuple[str, int], int],
    ) -> int:
        rows = await connection.fetch("SELECT topic, partition, next_offset FROM consumer_offset")
        stored = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
        topics = {topic.name for topic in consumed_by(name)}
        return sum(end - stored.get(place, 0) for place, end in ends.items() if place[0] in topics)

    async def parked(self, name: str) -> list[str]:
        """Say what is parked in a service and why."""
        connection = await self.world.connect(name)
        try:
            rows = await connection.fetch(PARKED)
        finally:
            await connection.close()
        return [f"{row['topic']} {row['key']}: {row['reason']} ({row['error']})" for row in rows]

    async def check_all(self, *, rng: random.Random) -> None:
        """Check every invariant against what is there now."""
        before = self.wire.counts["records"]
        await self.wire.read_on(self.world.kafka)
        self.findings.held["I5"] += self.wire.counts["records"] - before
        for violations in (self.wire.violations, self.firms.violations, self.history.faults):
            self.findings.violations.extend(violations)
            violations.clear()
        for name in self.world.names:
            connection = await self.world.connect(name)
            try:
                await self._check_consumer(connection, name)
                if name == "registry":
                    await self._check_firms(connection)
                if name == "notify":
                    await self._check_feed(connection)
                await self._check_keys(connection, name)
            finally:
                await connection.close()
        if self.lending is not None:
            await self._check_lending(self.lending)
        await self._check_repeats(rng)

    async def _check_lending(self, lending: LendingClients) -> None:
        ledger = Ledger(lending, self.findings)
        connection = await self.world.connect("credit")
        try:
            loans = await connection.fetch(LOANS)
        finally:
            await connection.close()
        connection = await self.world.connect("guarantee")
        try:
            await ledger.check_funds(connection)
            guarantees = await connection.fetch(GUARANTEES)
        finally:
            await connection.close()
        ledger.check_cases(loans, guarantees)

    async def _check_firms(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """I2, I3, I4: each acknowledged command is one version and one event, and nothing else."""
        rows = await connection.fetch("SELECT uscc, version FROM enterprise")
        versions = {row["uscc"]: row["version"] for row in rows}
        seen: Counter[int] = Counter()
        for (kind, uscc), copies in self.wire.events.items():
            if kind != ENTERPRISE:
                continue
            self.findings.check(
                "I4",
                versions.get(uscc) == len(copies),
                f"{uscc}: version {versions.get(uscc)}, {len(copies)} events on the wire",
            )
            for version, copy in enumerate(copies, 1):
                mark = mark_of(copy.type, copy.payload)
                if uscc.startswith(CODES) and mark is not None:
                    seen[mark] += 1
                    self._check_cause(mark, uscc, version)
        for number, operation in self.firms.by_number.items():
            happened = seen[number]
            expected = int(operation.outcome is Outcome.OK)
            self.findings.check(
                "I3" if expected else "I4",
                happened == expected,
                f"operation {number} is {operation.outcome} and caused {happened} events",
            )

    def _check_cause(self, mark: int, uscc: str, version: int) -> None:
        operation = self.firms.by_number.get(mark)
        if operation is None or operation.outcome is not Outcome.OK:
            self.findings.check(
                "I4", holds=False, what=f"{uscc} {version}: nobody was told of operation {mark}"
            )
            return
        told = operation.told
        self.findings.check(
            "I2",
            (told["uscc"], told["version"]) == (uscc, version),
            f"operation {mark} was told version {told['version']} and its event is {version}",
        )

    async def _check_feed(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """I2, I5: every profile on the wire is in the feed once, in order per firm."""
        expected = self.wire.ids_of(ProfileRecorded.TYPE)
        rows = await connection.fetch(
            "SELECT event_id::text AS id, subject, data FROM feed_entry "
            "WHERE type = $1 ORDER BY position",
            ProfileRecorded.TYPE,
        )
        found = Counter(row["id"] for row in rows)
        for event_id in expected:
            self.findings.check(
                "I2",
                found[event_id] == 1,
                f"event {event_id} is in the feed {found[event_id]} times",
            )
        for event_id in found.keys() - expected.keys():
            self.findings.check("I4", holds=False, what=f"{event_id} is in the feed alone")
        places = {
            copy.event_id: number
            for copies in self.wire.events.values()
            for number, copy in enumerate(copies, 1)
        }
        last: dict[str, int] = {}
        for row in rows:
            number = places.get(row["id"], 0)
            before = last.get(row["subject"], 0)
            self.findings.check(
                "I5", number > before, f"feed: {row['subject']} has {number} after {before}"
            )
            last[row["subject"]] = number

    async def _check_consumer(
        self, connection: "asyncpg.Connection[asyncpg.Record]", name: str
    ) -> None:
        """I5, I7, I9: what a consumer remembers is what the wire holds, for every record."""
        topics = [topic.name for topic in consumed_by(name)]
        if not topics:
            return
        rows = await connection.fetch(
            "SELECT aggregate, subject, last_sequence FROM consumer_watermark"
        )
        marks = {(row["aggregate"], row["subject"]): row["last_sequence"] for row in rows}
        for aggregate, last in self.wire.last(topics).items():
            self.findings.check(
                "I9",
                marks.get(aggregate) == last,
                f"{name}: {aggregate} is at {marks.get(aggregate)}, the wire at {last}",
            )
        rows = await connection.fetch("SELECT topic, partition, next_offset FROM consumer_offset")
        stored = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
        for (topic, partition), end in self.wire.ends_by_place().items():
            if topic in topics and end:
                self.findings.check(
                    "I9",
                    stored.get((topic, partition)) == end,
                    f"{name}: {topic} {partition} is read to {stored.get((topic, partition))} "
                    f"of {end}",
                )
        told = await on_wire.stored_by_broker(self.world.kafka, f"tongzhou.{name}")
        for place, offset in told.items():
            self.findings.check(
                "I7",
                offset <= stored.get(place, 0),
                f"{name}: the broker was told {offset} of {place}, stored is {stored.get(place)}",
            )

    async def _check_keys(
        self, connection: "asyncpg.Connection[asyncpg.Record]", name: str
    ) -> None:
        """I3, I8: every acknowledged key has its answer stored, byte for byte."""
        rows = await connection.fetch("SELECT key, status, body FROM idempotency")
        stored = {row["key"]: (row["status"], bytes(row["body"] or b"")) for row in rows}
        for operation in self.history.operations:
            if operation.service == name and operation.outcome is Outcome.OK:
                self.findings.check(
                    "I8",
                    stored.get(operation.key) == (operation.status, operation.answer),
                    f"{name}: the answer to operation {operation.number} is not the stored one",
                )

    async def _check_repeats(self, rng: random.Random) -> None:
        """I8: a key that is sent again gets its first answer; with another body, a refusal."""
        done = [found for found in self.history.operations if found.outcome is Outcome.OK]
        for operation in rng.sample(done, min(REPEATED_KEYS, len(done))):
            again = await self._repeated(operation)
            self.findings.check(
                "I8",
                (again.status_code, again.content) == (operation.status, operation.answer),
                f"operation {operation.number} was answered otherwise when repeated",
            )
            other = await self.history.repeat(operation, body={**operation.body, "name": "other"})
            self.findings.check(
                "I8",
                other.status_code == HTTPStatus.UNPROCESSABLE_ENTITY,
                f"operation {operation.number} with another body was answered {other.status_code}",
            )

    async def _repeated(self, operation: Operation) -> httpx.Response:
        return await self.history.repeat(operation)


def mark_of(kind: str, payload: bytes) -> int | None:
    """Return the number that a command of these clients left in its event, if it is one."""
    if kind == EnterpriseRegistered.TYPE:
        name = EnterpriseRegistered.read(payload).name
        return int(name.removeprefix(MARK)) if name.startswith(MARK) else None
    if kind == ProfileRecorded.TYPE:
        return ProfileRecorded.read(payload).sales_fen
    return None


async def sample_resources(world: World, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return what each service uses once it has been at rest a moment."""
    await asyncio.sleep(1.5)
    return {name: world.probe(name) for name in names}
