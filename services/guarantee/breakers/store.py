"""SQL of the breakers; the programme's row lock guards them."""

from dataclasses import dataclass
from uuid import UUID

from services.guarantee.breakers.rules import Breaker, BreakerNotFound, BreakerState, Counted
from shared.db.database import Row, Transaction
from shared.errors import StaleVersion

_FIGURES = "state, year, numerator_fen, base_fen, ratio_ppm, threshold_ppm, changed_on, reason"
_SELECT = f"SELECT programme, bank, version, viewers, {_FIGURES} FROM breaker"  # noqa: S608 - constant columns


@dataclass(frozen=True, slots=True)
class Stored:
    """A breaker with the version that its row has: it counts changes of the row."""

    breaker: Breaker
    version: int


async def put(work: Transaction, breaker: Breaker) -> Stored:
    """Store a breaker, new or changed, under its programme's lock."""
    version = await work.fetchval(
        f"INSERT INTO breaker (programme, bank, viewers, version, {_FIGURES}) "  # noqa: S608 - constant columns
        "VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11) "
        "ON CONFLICT (programme, bank) DO UPDATE SET version = breaker.version + 1, "
        f"({_FIGURES}) = ROW($4, $5, $6, $7, $8, $9, $10, $11) RETURNING version",
        breaker.programme,
        breaker.bank,
        list(breaker.viewers),
        *(getattr(breaker, name) for name in _FIGURES.split(", ")),
    )
    return Stored(breaker, version)


async def find(work: Transaction, programme: str, bank: str) -> Breaker | None:
    """Read a breaker, or None where nothing was counted yet."""
    row = await work.fetchrow(f"{_SELECT} WHERE programme = $1 AND bank = $2", programme, bank)
    return None if row is None else _stored(row).breaker


async def get(
    work: Transaction,
    programme: str,
    bank: str,
    *,
    reader: str | None,
    expected_version: int | None = None,
) -> Stored:
    """Read a breaker that the reader may see; raises BreakerNotFound, StaleVersion."""
    row = await work.fetchrow(
        f"{_SELECT} WHERE programme = $1 AND bank = $2 "
        "AND ($3::text IS NULL OR viewers @> ARRAY[$3])",
        programme,
        bank,
        reader,
    )
    if row is None:
        raise BreakerNotFound(f"nothing was counted for {bank} in {programme}")
    stored = _stored(row)
    if expected_version not in {None, stored.version}:
        raise StaleVersion(f"the breaker is at version {stored.version}")
    return stored


async def page(
    work: Transaction,
    *,
    reader: str | None,
    programme: str | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Stored]:
    """Read up to ``limit`` + 1 breakers in order of programme and bank."""
    rows = await work.fetch(
        f"{_SELECT} WHERE ($1::text IS NULL OR viewers @> ARRAY[$1]) "
        "AND ($2::text IS NULL OR programme = $2) "
        "AND ($3::text IS NULL OR (programme, bank) > ($3, $4)) "
        "ORDER BY programme, bank LIMIT $5",
        reader,
        programme,
        *(after or (None, None)),
        limit + 1,
    )
    return [_stored(row) for row in rows]


async def counted(work: Transaction, loan_id: UUID) -> Counted | None:
    """Read what a loan counts, or None if it never counted."""
    row = await work.fetchrow(
        "SELECT year, counted_fen FROM breaker_loan WHERE loan_id = $1", loan_id
    )
    return None if row is None else Counted(row["year"], row["counted_fen"])


async def put_counted(work: Transaction, loan_id: UUID, figure: Counted) -> None:
    """Store what a loan counts, under its programme's lock."""
    await work.execute(
        "INSERT INTO breaker_loan (loan_id, year, counted_fen) VALUES ($1, $2, $3) "
        "ON CONFLICT (loan_id) DO UPDATE SET year = excluded.year, "
        "counted_fen = excluded.counted_fen",
        loan_id,
        figure.year,
        figure.fen,
    )


def _stored(row: Row) -> Stored:
    columns = dict(row)
    version: int = columns.pop("version")
    columns["state"] = BreakerState(columns["state"])
    columns["viewers"] = tuple(columns["viewers"])
    return Stored(Breaker(**columns), version)
