"""Learn from registry's events; answer the other slices' questions about them."""

from collections.abc import Sequence

from services.insurance.known import store
from shared.db.database import Transaction
from shared.errors import RuleViolation, Violation
from shared.events.envelope import Received
from shared.events.registry import EnterpriseRegistered, InstitutionRegistered


class EnterpriseUnknown(RuleViolation):
    """Registry has not told of this enterprise."""

    code = "insured-unknown"
    title_zh = "投保企业尚未登记"
    title_en = "Insured enterprise unknown"


class NotInsurers(RuleViolation):
    """An organisation among the co-insurers is no registered insurer, or not any more."""

    code = "not-insurers"
    title_zh = "共保成员须为已登记的保险机构"
    title_en = "Not insurers"


async def on_institution_registered(
    work: Transaction, received: Received[InstitutionRegistered]
) -> None:
    """Note an institution."""
    await store.save_institution(work, received.data)


async def on_enterprise_registered(
    work: Transaction, received: Received[EnterpriseRegistered]
) -> None:
    """Note an enterprise."""
    await store.save_enterprise(work, received.data.uscc)


async def require_enterprise(work: Transaction, uscc: str) -> None:
    """Refuse an enterprise that registry does not name."""
    if not await store.is_registered(work, uscc):
        raise EnterpriseUnknown(f"no enterprise {uscc}")


async def require_insurers(work: Transaction, codes: Sequence[str]) -> None:
    """Refuse organisations that are no insurers in registry's directory today."""
    insurers = await store.insurers(work, codes, on=work.today)
    violations = tuple(
        Violation(
            code="insurer",
            zh="今日不是已登记的保险机构",
            en="is not a registered insurer today",
            field=f"/co_insurers/{place}/insurer",
            actual=code,
        )
        for place, code in enumerate(codes)
        if code not in insurers
    )
    if violations:
        raise NotInsurers("a co-insurer is no registered insurer", violations=violations)
