"""Carry out what was approved, and the kernel's own chores; the same from terminal and process."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from shared import logs
from shared.clock import Clock
from shared.db.database import Database
from shared.errors import DomainError, Transient
from shared.messaging import positions, process, requests
from shared.messaging.apply import Applier
from shared.messaging.kafka import KafkaError, KafkaSettings
from shared.messaging.process import AnyProcess
from shared.messaging.requests import Operation
from shared.operations import redrive
from shared.operations.rebuild import ReadModel, rebuild

_LOG = logs.get("tongzhou.operator")
CHORES_EVERY_S = 5.0
PURGE_EVERY_S = 600.0
REDRIVE_KEYS = 100
REMIND_PROCESSES = 100
OPERATIONS_AT_ONCE = 10
PURGE_ROWS = 2000
PURGES_AT_ONCE = 50
IDEMPOTENCY_KEPT = timedelta(days=90)
"""A client repeats a command within minutes; the answer is kept far beyond any repair."""
INBOX_KEPT = timedelta(days=500)
"""Longer than any topic keeps its records: a repeat that comes later cannot come at all."""

PURGES = (
    (
        "DELETE FROM idempotency WHERE ctid = ANY(ARRAY("
        "SELECT ctid FROM idempotency WHERE created_at < $1 LIMIT $2))",
        IDEMPOTENCY_KEPT,
    ),
    (
        "DELETE FROM consumer_inbox WHERE ctid = ANY(ARRAY("
        "SELECT ctid FROM consumer_inbox WHERE received_at < $1 LIMIT $2))",
        INBOX_KEPT,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Everything of a service that operations work on."""

    service: str
    database: Database
    applier: Applier
    kafka: KafkaSettings
    dsn: str
    """Reaches PostgreSQL itself, not a pooler: a rebuild needs a session of its own."""
    read_clock: Clock
    processes: Sequence[AnyProcess] = ()
    read_models: Sequence[ReadModel] = field(default=())

    def read_model(self, name: str) -> ReadModel:
        """Return a declared read model; raises KeyError for another name."""
        return {model.name: model for model in self.read_models}[name]

    async def run(self) -> None:
        """Do the chores again and again until cancelled; one that fails has its turn again."""
        next_purge = 0.0
        while True:
            await asyncio.sleep(CHORES_EVERY_S)
            chores = [self.carry_out_approved, self.redrive_waiting, self.remind]
            if time.monotonic() >= next_purge:
                next_purge = time.monotonic() + PURGE_EVERY_S
                chores.append(self.purge)
            for chore in chores:
                try:
                    await chore()
                except Exception as error:  # noqa: BLE001 -- the other chores go on
                    _LOG.warning("chore.failed", chore=chore.__name__, error=type(error).__name__)

    async def carry_out_approved(self) -> None:
        """Carry out approved operations, oldest first."""
        async with self.database.read() as work:
            waiting = await requests.approved(work, limit=OPERATIONS_AT_ONCE)
        for operation in waiting:
            await self.carry_out(operation)

    async def carry_out(self, operation: Operation) -> Operation:
        """Carry out one approved operation and note what it did, or why it could not be done.

        What may pass is tried again by the next turn; the operation then stays approved.
        """
        try:
            if operation.kind == "reposition":
                async with self.database.transaction() as work:
                    figures = await positions.carry_out(work, operation)
                    return await requests.carried_out(
                        work, operation, figures, service=self.service
                    )
            figures = dict(await self._figures(operation))
        except (Transient, KafkaError, OSError, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it was, it is on record
            why = error.code if isinstance(error, DomainError) else type(error).__name__
            _LOG.error("operation.failed", operation=str(operation.id), error=why)
            async with self.database.transaction() as work:
                await requests.failed(work, operation, {"error": why, "detail": str(error)[:500]})
                return await requests.get(work, operation.id)
        async with self.database.transaction() as work:
            return await requests.carried_out(work, operation, figures, service=self.service)

    async def _figures(self, operation: Operation) -> Mapping[str, int]:
        if operation.kind == "rebuild":
            report = await rebuild(
                self.dsn,
                self.kafka,
                consumer=self.applier.consumer,
                model=self.read_model(operation.target["read_model"]),
                exchange=True,
                read_clock=self.read_clock,
                say=lambda progress: _LOG.info("rebuild.reads", progress=progress),
            )
            return report.figures()
        selection = redrive.Selection(**operation.target)
        return await redrive.carry_out(self.database, self.applier, selection)

    async def redrive_waiting(self) -> None:
        """Look whether what waits for another topic's data may go on."""
        await self.applier.redrive_some(limit=REDRIVE_KEYS)

    async def remind(self) -> None:
        """Send the timers of late processes once more, each a bounded number of times."""
        if self.processes:
            async with self.database.transaction() as work:
                await process.remind_late(work, self.processes, limit=REMIND_PROCESSES)

    async def purge(self) -> None:
        """Forget answers and events that nobody can repeat any more, a bounded number a turn."""
        for statement, kept in PURGES:
            for _ in range(PURGES_AT_ONCE):
                async with self.database.transaction() as work:
                    tag = await work.execute(statement, work.now - kept, PURGE_ROWS)
                if tag != f"DELETE {PURGE_ROWS}":
                    break
