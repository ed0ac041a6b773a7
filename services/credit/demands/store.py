"""SQL of the demands and their offers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.credit.demands.rules import Demand, DemandId, DemandState, Offer, OfferId
from shared.db.database import Row, Transaction
from shared.errors import NotFound, StaleVersion
from shared.uscc import Uscc

_COLUMNS = "id, version, uscc, amount_fen, tenor_months, purpose, state, accepted_offer"
_VISIBLE = (
    "($2::text IS NULL OR EXISTS (SELECT 1 FROM known_consent WHERE known_consent.uscc = "
    "demand.uscc AND grantee = $2 AND purpose = 'credit_assessment' AND valid_from <= $3 "
    "AND $3 < valid_to AND (revoked_on IS NULL OR $3 < revoked_on)))"
)
"""A bank sees the demands of enterprises whose consent to it is in force; None sees all."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A demand with its version."""

    demand: Demand
    version: int


async def insert(work: Transaction, demand: Demand, *, version: int) -> Stored:
    """Store a new demand."""
    await work.execute(
        "INSERT INTO demand (id, version, uscc, amount_fen, tenor_months, purpose, state, "
        "submitted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        demand.id,
        version,
        demand.uscc.code,
        demand.amount_fen,
        demand.tenor_months,
        demand.purpose,
        demand.state.value,
        work.now,
    )
    return Stored(demand, version)


async def insert_offer(work: Transaction, demand_id: UUID, offer: Offer) -> None:
    """Store a bank's offer."""
    await work.execute(
        "INSERT INTO offer (id, demand_id, bank, amount_fen, rate_ppm, tenor_months) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        offer.id,
        demand_id,
        offer.bank,
        offer.amount_fen,
        offer.rate_ppm,
        offer.tenor_months,
    )


async def save(work: Transaction, demand: Demand, *, version: int) -> Stored:
    """Store a changed demand, whose row is locked."""
    await work.execute(
        "UPDATE demand SET version = $2, state = $3, accepted_offer = $4 WHERE id = $1",
        demand.id,
        version,
        demand.state.value,
        demand.accepted,
    )
    return Stored(demand, version)


async def lock(
    work: Transaction,
    demand_id: UUID,
    *,
    reader: str | None,
    expected_version: int | None = None,
) -> Stored:
    """Lock a demand that the reader may see; raises NotFound or StaleVersion."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM demand WHERE id = $1 AND {_VISIBLE} "  # noqa: S608 - constants
        "FOR UPDATE OF demand",
        demand_id,
        reader,
        work.today,
    )
    if row is None:
        raise NotFound(f"no demand {demand_id}")
    if expected_version is not None and row["version"] != expected_version:
        raise StaleVersion(f"demand {demand_id} is at version {row['version']}")
    return (await _with_offers(work, [row]))[0]


async def get(work: Transaction, demand_id: UUID, *, reader: str | None) -> Stored:
    """Read a demand that the reader may see; raises NotFound."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM demand WHERE id = $1 AND {_VISIBLE}",  # noqa: S608 - constants
        demand_id,
        reader,
        work.today,
    )
    if row is None:
        raise NotFound(f"no demand {demand_id}")
    return (await _with_offers(work, [row]))[0]


async def page(
    work: Transaction, *, reader: str | None, after: UUID | None, limit: int, on: date
) -> list[Stored]:
    """Read up to ``limit`` + 1 demands that the reader may see, oldest first."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM demand "  # noqa: S608 - constants
        f"WHERE ($1::uuid IS NULL OR id > $1) AND {_VISIBLE} ORDER BY id LIMIT $4",
        after,
        reader,
        on,
        limit + 1,
    )
    return await _with_offers(work, rows)


async def _with_offers(work: Transaction, rows: Sequence[Row]) -> list[Stored]:
    offers: defaultdict[UUID, list[Offer]] = defaultdict(list)
    for row in await work.fetch(
        "SELECT id, demand_id, bank, amount_fen, rate_ppm, tenor_months FROM offer "
        "WHERE demand_id = ANY($1::uuid[]) ORDER BY id",
        [row["id"] for row in rows],
    ):
        offers[row["demand_id"]].append(
            Offer(
                id=OfferId(row["id"]),
                bank=row["bank"],
                amount_fen=row["amount_fen"],
                rate_ppm=row["rate_ppm"],
                tenor_months=row["tenor_months"],
            )
        )
    return [_stored(row, tuple(offers[row["id"]])) for row in rows]


def _stored(row: Row, offers: tuple[Offer, ...]) -> Stored:
    accepted = row["accepted_offer"]
    demand = Demand(
        id=DemandId(row["id"]),
        uscc=Uscc(row["uscc"]),
        amount_fen=row["amount_fen"],
        tenor_months=row["tenor_months"],
        purpose=row["purpose"],
        state=DemandState(row["state"]),
        offers=offers,
        accepted=None if accepted is None else OfferId(accepted),
    )
    return Stored(demand, row["version"])
