"""SQL of the snapshots; a snapshot is never changed."""

from uuid import UUID

from services.guarantee.reports.rules import Asked, ReportKind, Snapshot, SnapshotNotFound
from shared.db.database import Row, Transaction

_COLUMNS = 'id, report, subject, since, "on", reader, taken_by, taken_at, content, sha256'
_SEEN = "($2::text IS NULL OR reader = $2)"


async def insert(work: Transaction, snapshot: Snapshot) -> None:
    """Store a snapshot."""
    asked = snapshot.asked
    await work.execute(
        f"INSERT INTO snapshot ({_COLUMNS}) "  # noqa: S608 - constant columns
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        snapshot.id,
        asked.kind,
        asked.subject,
        asked.since,
        asked.on,
        asked.reader,
        snapshot.taken_by,
        snapshot.taken_at,
        snapshot.content,
        snapshot.sha256,
    )


async def get(work: Transaction, snapshot_id: UUID, *, reader: str | None) -> Snapshot:
    """Read a snapshot that the reader took; None reads any; raises SnapshotNotFound."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM snapshot WHERE id = $1 AND {_SEEN}",  # noqa: S608 - constant columns
        snapshot_id,
        reader,
    )
    if row is None:
        raise SnapshotNotFound(f"no snapshot {snapshot_id}")
    return _snapshot(row)


async def page(
    work: Transaction, *, reader: str | None, after: UUID | None, limit: int
) -> list[Snapshot]:
    """Read up to ``limit`` + 1 snapshots, oldest first."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM snapshot "  # noqa: S608 - constant columns
        f"WHERE ($1::uuid IS NULL OR id > $1) AND {_SEEN} ORDER BY id LIMIT $3",
        after,
        reader,
        limit + 1,
    )
    return [_snapshot(row) for row in rows]


def _snapshot(row: Row) -> Snapshot:
    return Snapshot(
        id=row["id"],
        asked=Asked(
            kind=ReportKind(row["report"]),
            subject=row["subject"],
            since=row["since"],
            on=row["on"],
            reader=row["reader"],
        ),
        taken_by=row["taken_by"],
        taken_at=row["taken_at"],
        content=row["content"],
        sha256=row["sha256"],
    )
