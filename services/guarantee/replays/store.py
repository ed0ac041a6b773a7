"""SQL of the replays; maps rows to the rules' types."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.guarantee.programmes.rules import PinnedPack
from services.guarantee.replays.rules import Replay, ReplayId, ReplayNotFound, ReplayState, Row
from shared.db import database
from shared.db.database import Transaction
from shared.errors import ensure

_PLAIN = (
    "id, state, programme, year, org, asked_by, asked_at, total, done, refused, position, "
    "counter_moves, before_fen, after_fen, failure, finished_at"
)
_PACK = "rule_pack_id, rule_pack_version, rule_pack_digest"
_SELECT = f"SELECT version, {_PACK}, {_PLAIN} FROM replay"  # noqa: S608 - constant columns


@dataclass(frozen=True, slots=True)
class Stored:
    """A replay with its row's version, which grows with its progress."""

    replay: Replay
    version: int


async def insert(work: Transaction, replay: Replay) -> Stored:
    """Store a replay that is to begin."""
    await work.execute(
        f"INSERT INTO replay (version, {_PACK}, {_PLAIN}) VALUES "  # noqa: S608 - constant columns
        "(0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        replay.pack.id,
        replay.pack.version,
        replay.pack.digest,
        *(getattr(replay, name) for name in _PLAIN.split(", ")),
    )
    return Stored(replay, 0)


async def claim_one(work: Transaction) -> Stored | None:
    """Lock a running replay that nobody else is at; None where there is none."""
    row = await work.fetchrow(
        f"{_SELECT} WHERE state = 'running' ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    return None if row is None else _stored(row)


async def save(work: Transaction, before: Stored, after: Replay, rows: Sequence[Row]) -> None:
    """Store progress with the rows that it found, together."""
    tag = await work.execute(
        "UPDATE replay SET version = version + 1, state = $2, done = $3, refused = $4, "
        "position = $5, counter_moves = $6, before_fen = $7, after_fen = $8, failure = $9, "
        "finished_at = $10 WHERE id = $1 AND version = $11",
        after.id,
        after.state,
        after.done,
        after.refused,
        after.position,
        dict(after.counter_moves),
        dict(after.before_fen),
        dict(after.after_fen),
        after.failure,
        after.finished_at,
        before.version,
    )
    ensure(tag == "UPDATE 1", "a locked replay exists")
    await work.executemany(
        "INSERT INTO replay_row (replay_id, place, claim_id, before_fen, after_fen, refusal) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        [
            (after.id, r.place, r.claim_id, dict(r.before_fen), dict(r.after_fen), r.refusal)
            for r in rows
        ],
    )


async def get(work: Transaction, replay_id: UUID, *, reader: str | None) -> Stored:
    """Read a replay; ``reader`` limits it to its organisation; raises ReplayNotFound."""
    row = await work.fetchrow(
        f"{_SELECT} WHERE id = $1 AND ($2::text IS NULL OR org = $2)", replay_id, reader
    )
    if row is None:
        raise ReplayNotFound(f"no replay {replay_id}")
    return _stored(row)


async def rows(work: Transaction, replay_id: UUID, *, after: int, limit: int) -> Sequence[Row]:
    """Read up to ``limit`` + 1 rows in the order of the decisions."""
    found = await work.fetch(
        "SELECT place, claim_id, before_fen, after_fen, refusal FROM replay_row "
        "WHERE replay_id = $1 AND place > $2 ORDER BY place LIMIT $3",
        replay_id,
        after,
        limit + 1,
    )
    return [Row(*row.values()) for row in found]


def _stored(row: database.Row) -> Stored:
    columns = {name: row[name] for name in _PLAIN.split(", ")}
    columns["id"] = ReplayId(columns["id"])
    columns["state"] = ReplayState(columns["state"])
    pack = PinnedPack(*(row[name] for name in _PACK.split(", ")))
    return Stored(Replay(**columns, pack=pack), row["version"])
