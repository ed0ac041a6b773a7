"""SQL of what guarantee knows of others; every write tolerates what came before or comes late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.guarantee.known.rules import Firm, KnownInstitution, KnownLoan
from shared.db.database import Row, Transaction
from shared.events.credit import LoanClassified, LoanDisbursed, LoanSettled, OverdueReported
from shared.events.registry import InstitutionRegistered, ListMemberAdded

_PARTIES = """
    SELECT
        EXISTS (SELECT FROM known_enterprise WHERE uscc = $1) AS firm_known,
        ARRAY(
            SELECT DISTINCT category FROM known_qualification
            WHERE uscc = $1 AND valid_from <= $3 AND $3 < valid_to
                AND (revoked_on IS NULL OR $3 < revoked_on)
            ORDER BY category
        ) AS categories,
        ARRAY(
            SELECT list_code FROM known_list_member AS mine
            WHERE uscc = $1 AND list_version = (
                SELECT max(list_version) FROM known_list_member AS any_member
                WHERE any_member.list_code = mine.list_code
            )
        ) AS lists,
        kind, valid_from, valid_to
    FROM (SELECT) AS always LEFT JOIN known_institution ON code = $2
"""

_LOAN = (
    "loan_id, uscc, bank, disbursed_on, matures_on, principal_outstanding_fen, overdue_since, "
    "classification, classified_on, closed_on"
)


@dataclass(frozen=True, slots=True)
class Parties:
    """The firm and the guarantor of an application; None for one that is not known yet."""

    firm: Firm | None
    guarantor: KnownInstitution | None


async def put_institution(work: Transaction, event: InstitutionRegistered) -> None:
    """Keep the directory's newest entry of an institution."""
    await work.execute(
        "INSERT INTO known_institution (code, kind, valid_from, valid_to) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT (code) DO UPDATE SET kind = excluded.kind, "
        "valid_from = excluded.valid_from, valid_to = excluded.valid_to",
        event.code,
        event.kind,
        event.valid_from,
        event.valid_to,
    )


async def put_enterprise(work: Transaction, uscc: str) -> None:
    """Keep that an enterprise exists."""
    await work.execute(
        "INSERT INTO known_enterprise (uscc) VALUES ($1) ON CONFLICT DO NOTHING", uscc
    )


async def put_list_member(work: Transaction, event: ListMemberAdded) -> None:
    """Keep the newest version of a list that names the firm."""
    await work.execute(
        "INSERT INTO known_list_member (uscc, list_code, list_version) VALUES ($1, $2, $3) "
        "ON CONFLICT (uscc, list_code) DO UPDATE SET list_version = "
        "greatest(known_list_member.list_version, excluded.list_version)",
        event.uscc,
        event.list_code,
        event.list_version,
    )


async def put_qualification(  # the fields are the event's own
    work: Transaction,
    qualification_id: UUID,
    *,
    uscc: str,
    category: str,
    valid_from: date,
    valid_to: date,
) -> None:
    """Keep a qualification as it was granted or amended last."""
    await work.execute(
        "INSERT INTO known_qualification (qualification_id, uscc, category, valid_from, valid_to) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (qualification_id) DO UPDATE SET "
        "category = excluded.category, valid_from = excluded.valid_from, "
        "valid_to = excluded.valid_to",
        qualification_id,
        uscc,
        category,
        valid_from,
        valid_to,
    )


async def revoke_qualification(work: Transaction, qualification_id: UUID, *, on: date) -> bool:
    """Keep that a qualification was revoked; False if it is not known."""
    tag = await work.execute(
        "UPDATE known_qualification SET revoked_on = $2 WHERE qualification_id = $1",
        qualification_id,
        on,
    )
    return tag == "UPDATE 1"


async def put_loan(work: Transaction, event: LoanDisbursed) -> None:
    """Keep a loan that was drawn."""
    await work.execute(
        "INSERT INTO known_loan (loan_id, uscc, bank, disbursed_on, matures_on, "
        "principal_outstanding_fen) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (loan_id) DO NOTHING",
        event.loan_id,
        event.uscc,
        event.bank,
        event.disbursed_on,
        event.matures_on,
        event.amount_fen,
    )


async def put_overdue(work: Transaction, event: OverdueReported) -> bool:
    """Keep since when a loan is overdue; False if the loan is not known."""
    tag = await work.execute(
        "UPDATE known_loan SET overdue_since = $2, principal_outstanding_fen = $3 "
        "WHERE loan_id = $1",
        event.loan_id,
        event.overdue_since,
        event.principal_outstanding_fen,
    )
    return tag == "UPDATE 1"


async def put_classification(work: Transaction, event: LoanClassified) -> bool:
    """Keep a loan's class; False if the loan is not known."""
    tag = await work.execute(
        "UPDATE known_loan SET classification = $2, classified_on = $3, "
        "principal_outstanding_fen = $4 WHERE loan_id = $1",
        event.loan_id,
        event.classification,
        event.classified_on,
        event.principal_outstanding_fen,
    )
    return tag == "UPDATE 1"


async def put_closed(work: Transaction, loan_id: UUID, *, on: date) -> bool:
    """Keep that a loan is closed; False if the loan is not known."""
    tag = await work.execute("UPDATE known_loan SET closed_on = $2 WHERE loan_id = $1", loan_id, on)
    return tag == "UPDATE 1"


async def put_settled(work: Transaction, event: LoanSettled) -> bool:
    """Keep that nothing is outstanding any more; False if the loan is not known."""
    tag = await work.execute(
        "UPDATE known_loan SET principal_outstanding_fen = 0, closed_on = $2 WHERE loan_id = $1",
        event.loan_id,
        event.settled_on,
    )
    return tag == "UPDATE 1"


async def keep_fact(
    work: Transaction, loan_id: UUID, *, event_id: UUID, fact_on: date, recorded_at: datetime
) -> None:
    """Keep how a loan stands after an event, beside how it stood before it."""
    await work.execute(
        "INSERT INTO known_loan_fact (event_id, loan_id, fact_on, recorded_at, "
        "principal_outstanding_fen, overdue_since, classification, closed_on) "
        "SELECT $2, loan_id, $3, $4, principal_outstanding_fen, overdue_since, classification, "
        "closed_on FROM known_loan WHERE loan_id = $1 ON CONFLICT (event_id) DO NOTHING",
        loan_id,
        event_id,
        fact_on,
        recorded_at,
    )


async def get_loan(work: Transaction, loan_id: UUID) -> KnownLoan | None:
    """Read a loan, or None if it was never drawn."""
    row = await work.fetchrow(
        f"SELECT {_LOAN} FROM known_loan WHERE loan_id = $1",  # noqa: S608 - constant columns
        loan_id,
    )
    return None if row is None else KnownLoan(**dict(row))


async def get_loans(work: Transaction, loan_ids: Sequence[UUID]) -> dict[UUID, KnownLoan]:
    """Read loans by id; one that was never drawn is not among them."""
    rows = await work.fetch(
        f"SELECT {_LOAN} FROM known_loan WHERE loan_id = ANY($1::uuid[])",  # noqa: S608 - constant columns
        list(loan_ids),
    )
    return {row["loan_id"]: KnownLoan(**dict(row)) for row in rows}


async def get_institutions(work: Transaction, codes: Sequence[str]) -> dict[str, KnownInstitution]:
    """Read institutions by code; one that is not known is not among them."""
    rows = await work.fetch(
        "SELECT code, kind, valid_from, valid_to FROM known_institution WHERE code = ANY($1)",
        list(codes),
    )
    return {row["code"]: KnownInstitution(**dict(row)) for row in rows}


async def get_parties(work: Transaction, uscc: str, guarantor: str | None, *, on: date) -> Parties:
    """Read firm and guarantor in one statement, as they stand on a business date."""
    row = await work.fetchrow(_PARTIES, uscc, guarantor, on)
    if row is None:
        return Parties(None, None)
    firm = Firm(uscc, tuple(row["categories"]), frozenset(row["lists"]))
    return Parties(firm if row["firm_known"] else None, _institution(row, guarantor))


def _institution(row: Row, code: str | None) -> KnownInstitution | None:
    if code is None or row["kind"] is None:
        return None
    return KnownInstitution(code, row["kind"], row["valid_from"], row["valid_to"])
