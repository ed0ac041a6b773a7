"""SQL of the loans."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.credit.loans.rules import Loan, LoanId, LoanState, Stored
from shared.db.database import Row, Transaction
from shared.errors import NotFound, StaleVersion
from shared.uscc import Uscc

_COLUMNS = (
    "id, version, bank, bank_reference, uscc, demand_id, amount_fen, rate_ppm, tenor_months, "
    "signed_on, state, programme, guarantor, guarantee_id, enrolled_on, refusal_codes, "
    "disbursed_on, matures_on, overdue_since, principal_outstanding_fen, reported_on, "
    "classification, classified_on, claim_id, compensated_fen, closed_on, settled_on, withdrawn_on"
)
_CHANGING = (
    "version",
    "state",
    "programme",
    "guarantor",
    "guarantee_id",
    "enrolled_on",
    "refusal_codes",
    "disbursed_on",
    "matures_on",
    "overdue_since",
    "principal_outstanding_fen",
    "reported_on",
    "classification",
    "classified_on",
    "claim_id",
    "compensated_fen",
    "closed_on",
    "settled_on",
    "withdrawn_on",
)
_INSERT = (
    f"INSERT INTO loan ({_COLUMNS}) VALUES "  # noqa: S608 - constant columns
    f"({', '.join(f'${place}' for place in range(1, _COLUMNS.count(',') + 2))})"
)
_UPDATE = (
    f"UPDATE loan SET {', '.join(f'{name} = ${place}' for place, name in enumerate(_CHANGING, 2))} "  # noqa: S608 - constant columns
    "WHERE id = $1"
)


async def insert_many(work: Transaction, entries: Sequence[Stored]) -> None:
    """Store new loans."""
    await work.executemany(
        _INSERT,
        [
            (
                e.loan.id,
                e.version,
                e.loan.bank,
                e.loan.bank_reference,
                e.loan.uscc.code,
                e.loan.demand_id,
                e.loan.amount_fen,
                e.loan.rate_ppm,
                e.loan.tenor_months,
                e.loan.signed_on,
                *_changing(e)[1:],
            )
            for e in entries
        ],
    )


async def save_many(work: Transaction, entries: Sequence[Stored]) -> None:
    """Store changed loans, whose rows are locked."""
    await work.executemany(_UPDATE, [(entry.loan.id, *_changing(entry)) for entry in entries])


def _changing(entry: Stored) -> tuple[object, ...]:
    loan = entry.loan
    return (
        entry.version,
        loan.state.value,
        loan.programme,
        loan.guarantor,
        loan.guarantee_id,
        loan.enrolled_on,
        list(loan.refusal_codes),
        loan.disbursed_on,
        loan.matures_on,
        loan.overdue_since,
        loan.principal_outstanding_fen,
        loan.reported_on,
        loan.classification,
        loan.classified_on,
        loan.claim_id,
        loan.compensated_fen,
        loan.closed_on,
        loan.settled_on,
        loan.withdrawn_on,
    )


async def lock_many(
    work: Transaction, loan_ids: Sequence[UUID], *, bank: str | None
) -> dict[UUID, Stored]:
    """Lock loans in id order; ``bank`` limits them to its own, None locks any."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM loan WHERE id = ANY($1::uuid[]) "  # noqa: S608 - constant columns
        "AND ($2::text IS NULL OR bank = $2) ORDER BY id FOR UPDATE",
        list(loan_ids),
        bank,
    )
    return {row["id"]: _stored(row) for row in rows}


async def lock(
    work: Transaction, loan_id: UUID, *, bank: str | None, expected_version: int | None = None
) -> Stored:
    """Lock one loan; raises NotFound, or StaleVersion if it moved on."""
    stored = (await lock_many(work, [loan_id], bank=bank)).get(loan_id)
    if stored is None:
        raise NotFound(f"no loan {loan_id}")
    if expected_version is not None and stored.version != expected_version:
        raise StaleVersion(f"loan {loan_id} is at version {stored.version}")
    return stored


async def get(work: Transaction, loan_id: UUID, *, bank: str | None) -> Stored:
    """Read one loan; raises NotFound."""
    row = await work.fetchrow(
        f"SELECT {_COLUMNS} FROM loan WHERE id = $1 "  # noqa: S608 - constant columns
        "AND ($2::text IS NULL OR bank = $2)",
        loan_id,
        bank,
    )
    if row is None:
        raise NotFound(f"no loan {loan_id}")
    return _stored(row)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which loans to list; None means any."""

    bank: str | None
    bank_reference: str | None = None
    programme: str | None = None
    state: LoanState | None = None


async def page(
    work: Transaction, wanted: Filter, *, after: UUID | None, limit: int
) -> list[Stored]:
    """Read up to ``limit`` + 1 loans, oldest first."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM loan "  # noqa: S608 - constant columns
        "WHERE ($1::text IS NULL OR bank = $1) AND ($2::text IS NULL OR bank_reference = $2) "
        "AND ($3::text IS NULL OR programme = $3) AND ($4::text IS NULL OR state = $4) "
        "AND ($5::uuid IS NULL OR id > $5) ORDER BY id LIMIT $6",
        wanted.bank,
        wanted.bank_reference,
        wanted.programme,
        wanted.state,
        after,
        limit + 1,
    )
    return [_stored(row) for row in rows]


async def taken_references(work: Transaction, bank: str, references: Sequence[str]) -> set[str]:
    """Return which of a bank's references are used; two uploads of one bank take turns."""
    await work.execute("SELECT pg_advisory_xact_lock(hashtextextended('loans ' || $1, 0))", bank)
    rows = await work.fetch(
        "SELECT bank_reference FROM loan WHERE bank = $1 AND bank_reference = ANY($2::text[])",
        bank,
        list(references),
    )
    return {row["bank_reference"] for row in rows}


async def states(
    work: Transaction, loan_ids: Sequence[UUID]
) -> dict[UUID, tuple[LoanState, tuple[str, ...]]]:
    """Read where loans stand, with the codes of a refused enrolment."""
    rows = await work.fetch(
        "SELECT id, state, refusal_codes FROM loan WHERE id = ANY($1::uuid[])", list(loan_ids)
    )
    return {row["id"]: (LoanState(row["state"]), tuple(row["refusal_codes"])) for row in rows}


async def count_by_state(
    work: Transaction, *, bank: str | None, programme: str
) -> dict[LoanState, int]:
    """Count a programme's loans by state."""
    rows = await work.fetch(
        "SELECT state, count(*) AS loans FROM loan "
        "WHERE programme = $1 AND ($2::text IS NULL OR bank = $2) GROUP BY state ORDER BY state",
        programme,
        bank,
    )
    return {LoanState(row["state"]): row["loans"] for row in rows}


def _stored(row: Row) -> Stored:
    loan = Loan(
        id=LoanId(row["id"]),
        bank=row["bank"],
        bank_reference=row["bank_reference"],
        uscc=Uscc(row["uscc"]),
        demand_id=row["demand_id"],
        amount_fen=row["amount_fen"],
        rate_ppm=row["rate_ppm"],
        tenor_months=row["tenor_months"],
        signed_on=row["signed_on"],
        state=LoanState(row["state"]),
        programme=row["programme"],
        guarantor=row["guarantor"],
        guarantee_id=row["guarantee_id"],
        enrolled_on=row["enrolled_on"],
        refusal_codes=tuple(row["refusal_codes"]),
        disbursed_on=row["disbursed_on"],
        matures_on=row["matures_on"],
        overdue_since=row["overdue_since"],
        principal_outstanding_fen=row["principal_outstanding_fen"],
        reported_on=row["reported_on"],
        classification=row["classification"],
        classified_on=row["classified_on"],
        claim_id=row["claim_id"],
        compensated_fen=row["compensated_fen"],
        closed_on=row["closed_on"],
        settled_on=row["settled_on"],
        withdrawn_on=row["withdrawn_on"],
    )
    return Stored(loan, row["version"])
