"""SQL of the batches; maps rows to the rules' types."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

import orjson

from services.credit.batches.rules import Batch, BatchId, BatchNotFound, BatchRow
from shared.db import database
from shared.db.database import Transaction
from shared.errors import Violation, ensure

_COLUMNS = (
    "id, bank, programme, guarantor, format, sha256, sent_by, sent_at, total, done, accepted, "
    "finished_at"
)
_SELECT = f"SELECT version, {_COLUMNS} FROM batch"  # noqa: S608 - constant columns
_WAITING = "loan_id IS NULL AND reasons = '[]'"


@dataclass(frozen=True, slots=True)
class Stored:
    """A batch with its row's version, which grows with its progress."""

    batch: Batch
    version: int


async def insert(work: Transaction, batch: Batch, rows: Sequence[BatchRow]) -> Stored:
    """Store a batch that is to be taken in, with all its rows."""
    await work.execute(
        f"INSERT INTO batch (version, {_COLUMNS}) "  # noqa: S608 - constant columns
        "VALUES (0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        *(getattr(batch, name) for name in _COLUMNS.split(", ")),
    )
    await work.execute(
        "INSERT INTO batch_row (batch_id, number, cells, reasons) "
        "SELECT $1, number, cells, reasons::jsonb FROM "
        "unnest($2::integer[], $3::jsonb[], $4::text[]) AS given (number, cells, reasons)",
        batch.id,
        [row.number for row in rows],
        [dict(row.cells) for row in rows],
        [_reasons(row) for row in rows],
    )
    return Stored(batch, 0)


async def claim_one(work: Transaction) -> Stored | None:
    """Lock the oldest running batch that nobody else is at; None where there is none."""
    row = await work.fetchrow(
        f"{_SELECT} WHERE finished_at IS NULL ORDER BY sent_at LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    return None if row is None else _stored(row)


async def waiting(work: Transaction, batch_id: UUID, *, limit: int) -> list[BatchRow]:
    """Read the next rows that nobody answered for."""
    found = await work.fetch(
        "SELECT number, cells, loan_id, reasons FROM batch_row "  # noqa: S608 - constant condition
        f"WHERE batch_id = $1 AND {_WAITING} ORDER BY number LIMIT $2",
        batch_id,
        limit,
    )
    return [_row(row) for row in found]


async def save(work: Transaction, before: Stored, after: Batch, rows: Sequence[BatchRow]) -> None:
    """Store progress with the rows that it answers for, together."""
    tag = await work.execute(
        "UPDATE batch SET version = version + 1, done = $2, accepted = $3, finished_at = $4 "
        "WHERE id = $1 AND version = $5",
        after.id,
        after.done,
        after.accepted,
        after.finished_at,
        before.version,
    )
    ensure(tag == "UPDATE 1", "a locked batch exists")
    tag = await work.execute(
        "UPDATE batch_row SET loan_id = given.loan_id, reasons = given.reasons::jsonb "
        "FROM unnest($2::integer[], $3::uuid[], $4::text[]) AS given (number, loan_id, reasons) "
        "WHERE batch_row.batch_id = $1 AND batch_row.number = given.number "
        "AND batch_row.loan_id IS NULL AND batch_row.reasons = '[]'",
        after.id,
        [row.number for row in rows],
        [row.loan_id for row in rows],
        [_reasons(row) for row in rows],
    )
    ensure(tag == f"UPDATE {len(rows)}", "a row is answered for once")


async def get(work: Transaction, batch_id: UUID, *, bank: str) -> Stored:
    """Read a bank's batch; raises BatchNotFound."""
    row = await work.fetchrow(f"{_SELECT} WHERE id = $1 AND bank = $2", batch_id, bank)
    if row is None:
        raise BatchNotFound(f"no batch {batch_id}")
    return _stored(row)


async def page(work: Transaction, *, bank: str, after: UUID | None, limit: int) -> Sequence[Stored]:
    """Read up to ``limit`` + 1 of a bank's batches, oldest first."""
    found = await work.fetch(
        f"{_SELECT} WHERE bank = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        bank,
        after,
        limit + 1,
    )
    return [_stored(row) for row in found]


async def rows(work: Transaction, batch_id: UUID, *, after: int, limit: int) -> Sequence[BatchRow]:
    """Read up to ``limit`` + 1 rows in the order of the file."""
    found = await work.fetch(
        "SELECT number, cells, loan_id, reasons FROM batch_row "
        "WHERE batch_id = $1 AND number > $2 ORDER BY number LIMIT $3",
        batch_id,
        after,
        limit + 1,
    )
    return [_row(row) for row in found]


async def loan_ids(work: Transaction, batch_id: UUID) -> list[UUID]:
    """Read which loans a batch made."""
    found = await work.fetch(
        "SELECT loan_id FROM batch_row WHERE batch_id = $1 AND loan_id IS NOT NULL", batch_id
    )
    return [row["loan_id"] for row in found]


def _reasons(row: BatchRow) -> str:
    # As text: an array of arrays would be read as one array of two dimensions.
    return orjson.dumps([asdict(reason) for reason in row.reasons]).decode()


def _row(row: database.Row) -> BatchRow:
    reasons = tuple(Violation(**reason) for reason in row["reasons"])
    return BatchRow(row["number"], row["cells"], row["loan_id"], reasons)


def _stored(row: database.Row) -> Stored:
    columns = {name: row[name] for name in _COLUMNS.split(", ")}
    columns["id"] = BatchId(columns["id"])
    return Stored(Batch(**columns), row["version"])
