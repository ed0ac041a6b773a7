"""SQL of the claims; maps rows to the rules' type."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from services.guarantee.claims.rules import Claim, ClaimId, ClaimNotFound, ClaimState, Document
from shared.db.database import Row, Transaction
from shared.errors import StaleVersion, ensure

_FILED = (
    "id, guarantee_id, loan_id, programme, bank, guarantor, fund, ledger_party, covered_fen, "
    "principal_outstanding_fen, recovered_before_fen, filed_on, filed_by"
)
_DECIDED = (
    "state, verified_by, approved_by, approved_on, rejected_by, rejection_reason, "
    "eligible_loss_fen, settled_on, closed_on"
)
_SELECT = f"SELECT version, viewers, documents, {_FILED}, {_DECIDED} FROM claim"  # noqa: S608 - constant columns
_SEEN = "($2::text IS NULL OR viewers @> ARRAY[$2])"


@dataclass(frozen=True, slots=True)
class Stored:
    """A claim with the version that its row has."""

    claim: Claim
    version: int


async def insert(work: Transaction, claim: Claim, *, version: int) -> Stored | None:
    """Store a new claim; None if the guarantee has one that was not rejected."""
    tag = await work.execute(
        f"INSERT INTO claim (version, state, viewers, documents, {_FILED}) "  # noqa: S608 - constant columns
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) "
        "ON CONFLICT (guarantee_id) WHERE state <> 'rejected' DO NOTHING",
        version,
        claim.state,
        list(claim.viewers),
        [asdict(document) for document in claim.documents],
        *(getattr(claim, name) for name in _FILED.split(", ")),
    )
    return Stored(claim, version) if tag == "INSERT 0 1" else None


async def states_of(
    work: Transaction, guarantee_ids: Sequence[UUID]
) -> dict[UUID, frozenset[ClaimState]]:
    """Read the states of all claims under guarantees, by guarantee."""
    rows = await work.fetch(
        "SELECT guarantee_id, array_agg(DISTINCT state) AS states FROM claim "
        "WHERE guarantee_id = ANY($1::uuid[]) GROUP BY guarantee_id",
        list(guarantee_ids),
    )
    return {row["guarantee_id"]: frozenset(map(ClaimState, row["states"])) for row in rows}


async def first_filed_on(work: Transaction, guarantee_id: UUID) -> date | None:
    """Read when a guarantee was first claimed under; None if it never was."""
    found: date | None = await work.fetchval(
        "SELECT min(filed_on) FROM claim WHERE guarantee_id = $1", guarantee_id
    )
    return found


async def lock(
    work: Transaction, claim_id: UUID, *, reader: str | None, expected_version: int | None
) -> Stored:
    """Lock a claim that the reader may see; raises ClaimNotFound, or StaleVersion if it moved."""
    row = await work.fetchrow(f"{_SELECT} WHERE id = $1 AND {_SEEN} FOR UPDATE", claim_id, reader)
    stored = _found(row, claim_id)
    if expected_version not in {None, stored.version}:
        raise StaleVersion(f"claim {claim_id} is at version {stored.version}")
    return stored


async def lock_all(
    work: Transaction, claim_ids: Sequence[UUID], *, reader: str
) -> dict[UUID, Stored]:
    """Lock the claims that the reader may see, in order of their ids; others are left out."""
    rows = await work.fetch(
        f"{_SELECT} WHERE id = ANY($1) AND {_SEEN} ORDER BY id FOR UPDATE", list(claim_ids), reader
    )
    return {row["id"]: _stored(row) for row in rows}


async def save_payments(work: Transaction, claims: Sequence[Stored]) -> None:
    """Store what payments change of locked claims: the version, and whether all is paid."""
    tag = await work.execute(
        "UPDATE claim SET version = given.version, state = given.state, "
        "settled_on = given.settled_on FROM unnest($1::uuid[], $2::bigint[], $3::text[], "
        "$4::date[]) AS given (id, version, state, settled_on) WHERE claim.id = given.id",
        [stored.claim.id for stored in claims],
        [stored.version for stored in claims],
        [stored.claim.state for stored in claims],
        [stored.claim.settled_on for stored in claims],
    )
    ensure(tag == f"UPDATE {len(claims)}", "locked claims exist")


async def save(work: Transaction, claim: Claim, *, version: int) -> Stored:
    """Store a changed claim, whose row is locked."""
    tag = await work.execute(
        f"UPDATE claim SET (version, {_DECIDED}) = "  # noqa: S608 - constant columns
        "($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) WHERE id = $1",
        claim.id,
        version,
        *(getattr(claim, name) for name in _DECIDED.split(", ")),
    )
    ensure(tag == "UPDATE 1", "a locked claim exists")
    return Stored(claim, version)


async def get(work: Transaction, claim_id: UUID, *, reader: str | None) -> Stored:
    """Read a claim; ``reader`` limits it to its viewers, None reads any."""
    row = await work.fetchrow(f"{_SELECT} WHERE id = $1 AND {_SEEN}", claim_id, reader)
    return _found(row, claim_id)


async def page(
    work: Transaction,
    *,
    reader: str | None,
    guarantee_id: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[Stored]:
    """Read up to ``limit`` + 1 claims in id order, after one id."""
    rows = await work.fetch(
        f"{_SELECT} WHERE ($1::uuid IS NULL OR guarantee_id = $1) AND {_SEEN} "
        "AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4",
        guarantee_id,
        reader,
        after,
        limit + 1,
    )
    return [_stored(row) for row in rows]


def _found(row: Row | None, claim_id: UUID) -> Stored:
    if row is None:
        raise ClaimNotFound(f"no claim {claim_id}")
    return _stored(row)


def _stored(row: Row) -> Stored:
    columns = dict(row)
    version: int = columns.pop("version")
    columns["id"] = ClaimId(columns["id"])
    columns["state"] = ClaimState(columns["state"])
    columns["viewers"] = tuple(columns["viewers"])
    columns["documents"] = tuple(Document(**document) for document in columns["documents"])
    return Stored(Claim(**columns), version)
