"""The live load of E4: rows are committed by the thousand while a relay runs."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from bench import costs, load
from bench.costs import Meter
from bench.e5_writer import event_of
from bench.ground import Ends, Ground
from bench.measuring import Sample
from bench.peers.tables import PEERS
from deploy.local.processes import Child
from shared.db.database import Row
from shared.db.provision import ServiceDsns
from shared.db.waking import NOTIFY

ROWS_PER_COMMIT = 1000
DEADLINE_S = 300.0


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of an outbox, ours or a peer's, and what its application does after a commit."""

    table: str
    columns: Sequence[str]
    values: Sequence[tuple[object, ...]]
    begin: str
    after_commit: str | None


def of_ours(topic: str, count: int) -> Rows:
    """Return rows of our outbox."""
    values = load.make(count).on(topic)
    return Rows("outbox", load.COLUMNS, values, "SELECT pg_current_xact_id()", NOTIFY)


def of_peer(name: str, count: int, *, seed: int, notify: str | None = None) -> Rows:
    """Return rows of a peer's outbox, with payloads as large as ours; ids follow from the seed."""
    draw = random.Random(seed)
    peer = PEERS[name]
    events = (event_of(number, draw) for number in range(count))
    values = [peer.row(event.key, event.model_dump_json().encode(), draw) for event in events]
    return Rows(peer.table, peer.columns, values, "SELECT 1", notify)


async def commit_in_parts(writer: "asyncpg.Connection[Row]", rows: Rows) -> None:
    """Commit the rows, a thousand per transaction, one transaction after another."""
    for start in range(0, len(rows.values), ROWS_PER_COMMIT):
        async with writer.transaction():
            await _copy(writer, rows, rows.values[start : start + ROWS_PER_COMMIT])
        if rows.after_commit is not None:
            await writer.execute(rows.after_commit)


async def commit_at_once(writer: "asyncpg.Connection[Row]", rows: Rows, meter: Meter) -> None:
    """Commit the rows in one transaction; the meter starts when all are written."""
    async with writer.transaction():
        await _copy(writer, rows, rows.values)
        meter.start()
    if rows.after_commit is not None:
        await writer.execute(rows.after_commit)


async def _copy(
    writer: "asyncpg.Connection[Row]", rows: Rows, part: Sequence[tuple[object, ...]]
) -> None:
    await writer.fetchval(rows.begin)
    await writer.copy_records_to_table(rows.table, records=part, columns=rows.columns)


async def ours(
    ground: Ground, dsns: ServiceDsns, relay: Child, count: int, *, at_once: bool = False
) -> Sample:
    """Measure our relay on a topic that nobody has used."""
    topic = await ground.topic("live")
    rows = of_ours(topic, count)
    return await measure(ground, dsns.app, relay, rows, topic, at_once=at_once)


async def measure(
    ground: Ground,
    dsn: str,
    child: Child,
    rows: Rows,
    topic: str,
    *,
    at_once: bool = False,
) -> Sample:
    """Commit the rows and time until the broker has them all; ``at_once`` from the one commit."""
    count = len(rows.values)
    writer = await asyncpg.connect(dsn)
    try:
        async with Ends(ground.broker, topic) as ends:
            before = await ends.count()
            meter = Meter(ground.families(relay=child))
            if at_once:
                await commit_at_once(writer, rows, meter)
            else:
                meter.start()
                await commit_in_parts(writer, rows)
            await ends.until(before + count, deadline_s=DEADLINE_S)
            sample = meter.stop(per=count, of="relay")
    finally:
        await writer.close()
    return {**sample, "MB resident": costs.resident_mb(child.pid) if child.pid else 0.0}
