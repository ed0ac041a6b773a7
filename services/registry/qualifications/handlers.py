"""Use cases of the qualifications. The enterprise's row is locked first: it orders the events."""

from collections.abc import Sequence
from uuid import UUID

from services.registry.enterprises import handlers as enterprises
from services.registry.qualifications import rules, store
from services.registry.qualifications.rules import Qualification, QualificationId
from services.registry.qualifications.schemas import AmendQualification, GrantQualification
from services.registry.qualifications.store import Stored
from shared.db.database import Transaction
from shared.errors import Forbidden
from shared.uscc import Uscc


class NotTheGrantingDepartment(Forbidden):
    """Only the department that granted a qualification may change it."""

    code = "not-the-granting-department"
    title_zh = "非认定部门"
    title_en = "Not the granting department"


async def grant(work: Transaction, body: GrantQualification, *, by: str) -> Stored:
    """Grant a qualification to a registered enterprise."""
    enterprise = await enterprises.lock(work, body.uscc)
    qualification = Qualification(
        id=QualificationId(work.new_id()),
        uscc=Uscc(body.uscc),
        category=body.category,
        certificate_no=body.certificate_no,
        granted_by=by,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
    )
    event = rules.grant(qualification, held=await of_enterprises(work, [body.uscc]))
    await store.insert_many(work, [qualification])
    await enterprises.publish(work, enterprise, [event])
    return Stored(qualification, 1)


async def amend(
    work: Transaction,
    qualification_id: UUID,
    body: AmendQualification,
    *,
    by: str,
    expected_version: int,
) -> Stored:
    """Correct a qualification; earlier recipients are told by the event."""
    found = await store.get(work, qualification_id)
    enterprise = await enterprises.lock(work, found.qualification.uscc.code)
    stored = await store.get(work, qualification_id, expected_version=expected_version)
    _check_department(stored, by)
    amended, event = rules.amend(
        stored.qualification,
        held=await of_enterprises(work, [stored.qualification.uscc.code]),
        certificate_no=body.certificate_no,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        reason=body.reason,
        by=by,
    )
    await enterprises.publish(work, enterprise, [event])
    return await store.save(work, Stored(amended, stored.version), reason=body.reason)


async def revoke(
    work: Transaction, qualification_id: UUID, *, reason: str, by: str, expected_version: int
) -> Stored:
    """Withdraw a qualification from today on."""
    found = await store.get(work, qualification_id)
    enterprise = await enterprises.lock(work, found.qualification.uscc.code)
    stored = await store.get(work, qualification_id, expected_version=expected_version)
    _check_department(stored, by)
    revoked, event = rules.revoke(stored.qualification, today=work.today, reason=reason, by=by)
    await enterprises.publish(work, enterprise, [event])
    return await store.save(work, Stored(revoked, stored.version), reason=reason)


async def of_enterprises(work: Transaction, usccs: Sequence[str]) -> list[Qualification]:
    """Return what is known of several enterprises' qualifications."""
    return [stored.qualification for stored in await store.of_enterprises(work, usccs)]


async def amend_many(work: Transaction, qualifications: Sequence[Qualification]) -> None:
    """Store qualifications that a list import amends; it publishes their events."""
    await store.amend_many(work, qualifications)


async def insert_many(work: Transaction, qualifications: Sequence[Qualification]) -> None:
    """Store qualifications that a list import grants; it publishes their events."""
    await store.insert_many(work, qualifications)


def _check_department(stored: Stored, by: str) -> None:
    if stored.qualification.granted_by != by:
        raise NotTheGrantingDepartment(
            f"qualification {stored.qualification.id} was granted by "
            f"{stored.qualification.granted_by}"
        )
