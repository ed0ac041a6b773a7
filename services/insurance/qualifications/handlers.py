"""Use cases of the pilot qualifications."""

from uuid import UUID

from services.insurance.known import handlers as known
from services.insurance.qualifications import rules, store
from services.insurance.qualifications.rules import Qualification, QualificationId
from services.insurance.qualifications.schemas import ConfirmQualification
from services.insurance.qualifications.store import Stored
from shared.db.database import Transaction
from shared.uscc import Uscc


async def confirm(work: Transaction, body: ConfirmQualification, *, by: str) -> Stored:
    """Recognise a registered enterprise's product."""
    await known.require_enterprise(work, body.uscc)
    entry = Qualification(
        id=QualificationId(work.new_id()),
        uscc=Uscc(body.uscc),
        pilot=body.pilot,
        equipment_kind=body.equipment_kind,
        product=body.product,
        equipment_value_fen=body.equipment_value_fen,
        quota_fen=body.quota_fen,
        confirmed_by=by,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
    )
    confirmed, event = rules.confirm(entry, today=work.today)
    return await store.insert(work, confirmed, version=work.publish_all([event], after=0))


async def get(work: Transaction, qualification_id: UUID) -> Stored:
    """Read a qualification for another slice."""
    return await store.get(work, qualification_id)


async def lock(work: Transaction, qualification_id: UUID) -> Stored:
    """Lock a qualification: until the end nobody else takes of its quota."""
    return await store.lock(work, qualification_id)


async def take_quota(work: Transaction, qualification: Qualification, amount_fen: int) -> None:
    """Count an approved subsidy against the quota of a locked qualification."""
    await store.save_quota(work, rules.take_quota(qualification, amount_fen))
