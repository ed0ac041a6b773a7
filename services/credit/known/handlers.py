"""Learn from registry's events; answer the other slices' questions about them."""

from services.credit.known import store
from shared.db.database import Transaction
from shared.events.envelope import Received
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


async def is_bank(work: Transaction, code: str) -> bool:
    """Tell whether an organisation is a registered bank."""
    return await store.kind_of(work, code) == "bank"


async def is_registered(work: Transaction, uscc: str) -> bool:
    """Tell whether an enterprise is registered."""
    return await store.is_registered(work, uscc)


async def may_assess(work: Transaction, *, uscc: str, bank: str) -> bool:
    """Tell whether the enterprise lets the bank assess its credit today."""
    return await store.consents(work, uscc=uscc, grantee=bank, on=work.today)
