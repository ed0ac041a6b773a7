"""Learn from other services' events; answer the other slices' questions about them."""

from collections.abc import Sequence
from datetime import date

from services.credit.known import rules, store
from shared.db.database import Transaction
from shared.errors import Violation
from shared.events.envelope import Received
from shared.events.guarantee import BreakerRestored, BreakerTripped
from shared.events.registry import (
    ConsentGranted,
    ConsentRevoked,
    EnterpriseRegistered,
    InstitutionRegistered,
)


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


async def on_consent_granted(work: Transaction, received: Received[ConsentGranted]) -> None:
    """Note a consent."""
    await store.save_consent(work, received.data)


async def on_consent_revoked(work: Transaction, received: Received[ConsentRevoked]) -> None:
    """Note that a consent ended."""
    await store.revoke_consent(work, received.data)


async def on_breaker_tripped(work: Transaction, received: Received[BreakerTripped]) -> None:
    """Note that a programme suspended a bank."""
    await store.save_breaker(work, received.data)


async def on_breaker_restored(work: Transaction, received: Received[BreakerRestored]) -> None:
    """Note that a programme admits a bank again."""
    await store.delete_breaker(work, received.data)


async def require_bank(work: Transaction, code: str, *, on: date) -> None:
    """Refuse an organisation that is not a registered bank on a business date with NotABank."""
    found = await store.institution(work, code)
    if found is None or found.kind != "bank" or not found.acts_on(on):
        raise rules.NotABank(f"{code} is not a registered bank on {on}")


async def require_guarantor(work: Transaction, code: str, *, on: date) -> None:
    """Refuse a guarantor that is not registered on a business date with GuarantorUnknown."""
    found = await store.institution(work, code)
    if found is not None and found.kind in rules.BACKERS and found.acts_on(on):
        return
    raise rules.GuarantorUnknown(
        f"{code} is not a registered guarantor or fund on {on}",
        violations=(
            Violation(
                code="guarantor",
                zh="不是已登记的担保机构或基金",
                en="is not a registered guarantor or fund",
                field="/guarantor",
                actual=code,
            ),
        ),
    )


async def require_enterprise(work: Transaction, uscc: str) -> None:
    """Refuse an enterprise that is not registered with EnterpriseUnknown."""
    if uscc not in await store.registered(work, [uscc]):
        raise rules.EnterpriseUnknown(
            "the enterprise is not registered", violations=(rules.unknown_enterprise(uscc),)
        )


async def registered(work: Transaction, usccs: Sequence[str]) -> frozenset[str]:
    """Return those enterprises that are registered."""
    return await store.registered(work, usccs)


async def require_open(work: Transaction, *, programme: str, bank: str) -> None:
    """Refuse a bank that the programme suspended with ProgrammeSuspended, which says why."""
    held = await store.breaker(work, programme=programme, bank=bank)
    if held is None:
        return
    reason = rules.suspension(
        programme,
        numerator_fen=held.numerator_fen,
        base_fen=held.base_fen,
        threshold_ppm=held.threshold_ppm,
    )
    raise rules.ProgrammeSuspended(
        f"{programme} suspended {bank} on {held.tripped_on}", violations=(reason,)
    )


async def may_assess(work: Transaction, *, uscc: str, bank: str) -> bool:
    """Tell whether the enterprise lets the bank assess its credit today."""
    return await store.consents(work, uscc=uscc, grantee=bank, on=work.today)
