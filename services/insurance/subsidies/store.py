"""SQL of the premium subsidies."""

from dataclasses import dataclass
from uuid import UUID

from services.insurance.subsidies.rules import Subsidy, SubsidyId, SubsidyState
from shared.db.database import Row, Transaction
from shared.errors import Conflict, NotFound, StaleVersion
from shared.uscc import Uscc

_COLUMNS = (
    "id, version, policy_id, uscc, rule_pack, state, filed_by, filed_on, decided_by, decision, "
    "subsidy_fen, paid_on"
)


class SubsidyExists(Conflict):
    """The policy has an application already: one premium is subsidised once."""

    code = "subsidy-exists"
    title_zh = "该保单已申请补贴"
    title_en = "Subsidy exists"


@dataclass(frozen=True, slots=True)
class Stored:
    """An application with its version."""

    subsidy: Subsidy
    version: int


async def insert(work: Transaction, entry: Subsidy, *, version: int) -> Stored:
    """Store a new application; raises :class:`SubsidyExists`."""
    tag = await work.execute(
        "INSERT INTO subsidy (id, version, policy_id, uscc, rule_pack, state, filed_by, filed_on) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (policy_id) DO NOTHING",
        entry.id,
        version,
        entry.policy_id,
        entry.uscc.code,
        entry.rule_pack,
        entry.state.value,
        entry.filed_by,
        entry.filed_on,
    )
    if tag != "INSERT 0 1":
        raise SubsidyExists(f"policy {entry.policy_id} has an application")
    return Stored(entry, version)


async def save(work: Transaction, entry: Subsidy, *, version: int) -> Stored:
    """Store a changed application, whose row is locked."""
    await work.execute(
        "UPDATE subsidy SET version = $2, state = $3, decided_by = $4, decision = $5, "
        "subsidy_fen = $6, paid_on = $7 WHERE id = $1",
        entry.id,
        version,
        entry.state.value,
        entry.decided_by,
        entry.decision,
        entry.subsidy_fen,
        entry.paid_on,
    )
    return Stored(entry, version)


async def lock(work: Transaction, subsidy_id: UUID, *, expected_version: int) -> Stored:
    """Lock an application; raises NotFound or StaleVersion."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM subsidy WHERE id = $1 FOR UPDATE",  # noqa: S608 - constants
        subsidy_id,
    )
    if row is None:
        raise NotFound(f"no subsidy {subsidy_id}")
    if row["version"] != expected_version:
        raise StaleVersion(f"subsidy {subsidy_id} is at version {row['version']}")
    return _stored(row)


async def get(work: Transaction, subsidy_id: UUID) -> Stored:
    """Read an application; raises NotFound."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM subsidy WHERE id = $1",  # noqa: S608 - constants
        subsidy_id,
    )
    if row is None:
        raise NotFound(f"no subsidy {subsidy_id}")
    return _stored(row)


def _stored(row: Row) -> Stored:
    entry = Subsidy(
        id=SubsidyId(row["id"]),
        policy_id=row["policy_id"],
        uscc=Uscc(row["uscc"]),
        rule_pack=row["rule_pack"],
        filed_by=row["filed_by"],
        filed_on=row["filed_on"],
        state=SubsidyState(row["state"]),
        decided_by=row["decided_by"],
        decision=row["decision"],
        subsidy_fen=row["subsidy_fen"],
        paid_on=row["paid_on"],
    )
    return Stored(entry, row["version"])
