"""What guarantee does when others tell of institutions, enterprises and loans: it remembers."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from services.guarantee.known import store
from services.guarantee.known.rules import KnownInstitution, KnownLoan
from services.guarantee.known.store import Parties
from shared.db.database import Transaction
from shared.events.credit import (
    LoanClassified,
    LoanClosed,
    LoanDisbursed,
    LoanSettled,
    OverdueReported,
)
from shared.events.envelope import Event, Received
from shared.events.registry import (
    EnterpriseRegistered,
    InstitutionRegistered,
    ListMemberAdded,
    QualificationAmended,
    QualificationGranted,
    QualificationRevoked,
)


async def on_institution_registered(
    work: Transaction, received: Received[InstitutionRegistered]
) -> None:
    """Remember the directory's entry."""
    await store.put_institution(work, received.data)


async def on_enterprise_registered(
    work: Transaction, received: Received[EnterpriseRegistered]
) -> None:
    """Remember that the enterprise exists."""
    await store.put_enterprise(work, received.data.uscc)


async def on_list_member_added(work: Transaction, received: Received[ListMemberAdded]) -> None:
    """Remember the newest version of the list that names the firm."""
    await store.put_list_member(work, received.data)


async def on_qualification_recorded(
    work: Transaction, received: Received[QualificationGranted] | Received[QualificationAmended]
) -> None:
    """Remember the qualification as it was granted or amended last."""
    event = received.data
    await store.put_qualification(
        work,
        event.qualification_id,
        uscc=event.uscc,
        category=event.category,
        valid_from=event.valid_from,
        valid_to=event.valid_to,
    )


async def on_qualification_revoked(
    work: Transaction, received: Received[QualificationRevoked]
) -> None:
    """Remember from which day on the qualification no longer holds.

    Grant and revocation have one key, so one that is not known was granted before this service
    began to listen: it counts for nothing either way.
    """
    event = received.data
    await store.revoke_qualification(work, event.qualification_id, on=event.revoked_on)


async def on_loan_disbursed(work: Transaction, received: Received[LoanDisbursed]) -> None:
    """Remember a loan that was drawn."""
    await store.put_loan(work, received.data)
    await _keep_fact(work, received, received.data.loan_id, on=received.data.disbursed_on)


async def on_overdue_reported(work: Transaction, received: Received[OverdueReported]) -> None:
    """Remember since when the loan is overdue."""
    await store.put_overdue(work, received.data)
    await _keep_fact(work, received, received.data.loan_id, on=received.data.reported_on)


async def on_loan_classified(work: Transaction, received: Received[LoanClassified]) -> None:
    """Remember the loan's class and what is still owed."""
    await store.put_classification(work, received.data)
    await _keep_fact(work, received, received.data.loan_id, on=received.data.classified_on)


async def on_loan_closed(work: Transaction, received: Received[LoanClosed]) -> None:
    """Remember that nothing more is expected of the loan."""
    await store.put_closed(work, received.data.loan_id, on=received.data.closed_on)
    await _keep_fact(work, received, received.data.loan_id, on=received.data.closed_on)


async def on_loan_settled(work: Transaction, received: Received[LoanSettled]) -> None:
    """Remember that the loan was repaid in full."""
    await store.put_settled(work, received.data)
    await _keep_fact(work, received, received.data.loan_id, on=received.data.settled_on)


async def _keep_fact(
    work: Transaction, received: Received[Event], loan_id: UUID, *, on: date
) -> None:
    await store.keep_fact(
        work, loan_id, event_id=received.id, fact_on=on, recorded_at=received.recorded_at
    )


async def known_loan(work: Transaction, loan_id: UUID) -> KnownLoan | None:
    """Return a loan as its bank reported it last, or None if it was never drawn."""
    return await store.get_loan(work, loan_id)


async def known_loans(work: Transaction, loan_ids: Sequence[UUID]) -> Mapping[UUID, KnownLoan]:
    """Return those loans that were drawn, by id."""
    return await store.get_loans(work, loan_ids)


async def institutions(work: Transaction, codes: Sequence[str]) -> Mapping[str, KnownInstitution]:
    """Return those institutions that the directory has told of, by code."""
    return await store.get_institutions(work, codes)


async def parties(work: Transaction, *, uscc: str, guarantor: str | None, on: date) -> Parties:
    """Return the firm and the guarantor of an application as they stand on a business date."""
    return await store.get_parties(work, uscc, guarantor, on=on)
