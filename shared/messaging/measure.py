"""Keep a service's gauges fresh (outbox, processes, parked keys), and its outbox bound informed."""

import asyncio

from shared import logs, metrics
from shared.db.database import Database
from shared.messaging import parking, process

_LOG = logs.get("tongzhou.measure")
MEASURE_EVERY_S = 5.0
MEASURE_ALARMED_S = 1.0
_OUTBOX = """
    SELECT
        (SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT $1 + 1) AS counted) AS depth,
        (SELECT recorded_at FROM outbox ORDER BY position LIMIT 1) AS oldest
"""
"""Counted up to the bound only: a long outage of the broker must not make this slow."""


async def measure(database: Database) -> None:
    """Measure until cancelled; more often while the outbox is long."""
    while True:
        alarmed = database.bound.alarming
        try:
            await measure_once(database)
        except Exception as error:  # noqa: BLE001 -- a gauge must never take the service down
            _LOG.warning("measure.failed", error=type(error).__name__)
        if database.bound.alarming and not alarmed:
            _LOG.error("outbox.grows", alarm_rows=database.bound.alarm_rows)
        await asyncio.sleep(MEASURE_ALARMED_S if database.bound.alarming else MEASURE_EVERY_S)


async def measure_once(database: Database) -> None:
    """Read what the gauges show."""
    async with database.read() as work:
        row = await work.fetchrow(_OUTBOX, database.bound.limit_rows)
        lateness = await process.lateness(work)
        held, gaps = await parking.count_held(work)
    metrics.PROCESSES_LATE.set(lateness.late)
    metrics.PROCESSES_STUCK.set(lateness.stuck)
    metrics.PROCESS_AGE.set(lateness.oldest_s)
    metrics.PARKED_KEYS.set(held)
    metrics.GAPS.set(gaps)
    if row is not None:
        oldest = row["oldest"]
        database.bound.counted(row["depth"])
        metrics.OUTBOX_DEPTH.set(row["depth"])
        metrics.OUTBOX_AGE.set((work.now - oldest).total_seconds() if oldest else 0.0)
