"""SQL of the policies."""

from dataclasses import dataclass
from uuid import UUID

from services.insurance.policies.rules import Policy, PolicyId, PolicyState
from shared.db.database import Row, Transaction
from shared.errors import NotFound, StaleVersion
from shared.events.insurance import CoInsurer
from shared.uscc import Uscc

_COLUMNS = (
    "id, version, qualification_id, uscc, liability_limit_fen, rate_ppm, premium_fen, state, "
    "bound_on, paid_on"
)
_VISIBLE = (
    "($2::text IS NULL OR EXISTS (SELECT 1 FROM co_insurance "
    "WHERE policy_id = policy.id AND insurer = $2))"
)
"""An insurer sees the policies that it shares; None sees all."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A policy with its version."""

    policy: Policy
    version: int


async def insert(work: Transaction, policy: Policy, *, version: int) -> Stored:
    """Store a new policy with its co-insurers in declared order."""
    await work.execute(
        "INSERT INTO policy (id, version, qualification_id, uscc, lead_insurer, "
        "liability_limit_fen, rate_ppm, premium_fen, state, bound_on) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        policy.id,
        version,
        policy.qualification_id,
        policy.uscc.code,
        policy.lead,
        policy.liability_limit_fen,
        policy.rate_ppm,
        policy.premium_fen,
        policy.state.value,
        policy.bound_on,
    )
    await work.executemany(
        "INSERT INTO co_insurance (policy_id, place, insurer, share_ppm, premium_fen) "
        "VALUES ($1, $2, $3, $4, $5)",
        [
            (policy.id, place, part.insurer, part.share_ppm, part.premium_fen)
            for place, part in enumerate(policy.co_insurers)
        ],
    )
    return Stored(policy, version)


async def save(work: Transaction, policy: Policy, *, version: int) -> Stored:
    """Store a changed policy, whose row is locked."""
    await work.execute(
        "UPDATE policy SET version = $2, state = $3, paid_on = $4 WHERE id = $1",
        policy.id,
        version,
        policy.state.value,
        policy.paid_on,
    )
    return Stored(policy, version)


async def lock(
    work: Transaction, policy_id: UUID, *, reader: str | None, expected_version: int
) -> Stored:
    """Lock a policy that the reader may see; raises NotFound or StaleVersion."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM policy WHERE id = $1 AND {_VISIBLE} "  # noqa: S608 - constants
        "FOR UPDATE OF policy",
        policy_id,
        reader,
    )
    if row is None:
        raise NotFound(f"no policy {policy_id}")
    if row["version"] != expected_version:
        raise StaleVersion(f"policy {policy_id} is at version {row['version']}")
    return await _stored(work, row)


async def get(work: Transaction, policy_id: UUID, *, reader: str | None) -> Stored:
    """Read a policy that the reader may see; raises NotFound."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM policy WHERE id = $1 AND {_VISIBLE}",  # noqa: S608 - constants
        policy_id,
        reader,
    )
    if row is None:
        raise NotFound(f"no policy {policy_id}")
    return await _stored(work, row)


async def _stored(work: Transaction, row: Row) -> Stored:
    parts = await work.fetch(
        "SELECT insurer, share_ppm, premium_fen FROM co_insurance "
        "WHERE policy_id = $1 ORDER BY place",
        row["id"],
    )
    policy = Policy(
        id=PolicyId(row["id"]),
        qualification_id=row["qualification_id"],
        uscc=Uscc(row["uscc"]),
        co_insurers=tuple(
            CoInsurer(
                insurer=part["insurer"],
                share_ppm=part["share_ppm"],
                premium_fen=part["premium_fen"],
            )
            for part in parts
        ),
        liability_limit_fen=row["liability_limit_fen"],
        rate_ppm=row["rate_ppm"],
        premium_fen=row["premium_fen"],
        bound_on=row["bound_on"],
        state=PolicyState(row["state"]),
        paid_on=row["paid_on"],
    )
    return Stored(policy, row["version"])
