"""What notify does with institutions and consents, and what it tells of them."""

from collections.abc import Sequence
from uuid import UUID

from services.notify.known import store
from services.notify.known.rules import KnownConsent, KnownInstitution
from shared.db.database import Transaction
from shared.events.envelope import Received
from shared.events.registry import ConsentGranted, ConsentRevoked, InstitutionRegistered


async def on_institution_registered(
    work: Transaction, received: Received[InstitutionRegistered]
) -> None:
    """Keep an institution, or its new entry."""
    await store.save_institution(work, received.data)


async def on_consent_granted(work: Transaction, received: Received[ConsentGranted]) -> None:
    """Keep a consent: it counts from the next read on."""
    await store.insert_consent(work, received.data)


async def on_consent_revoked(work: Transaction, received: Received[ConsentRevoked]) -> None:
    """Mark a consent as revoked: the next read withholds what rested on it."""
    await store.revoke_consent(work, received.data)


async def institution(work: Transaction, code: str) -> KnownInstitution | None:
    """Return an institution that exists today, or None."""
    found = await store.institution(work, code)
    return found if found is not None and found.exists_on(work.today) else None


async def consents_to(
    work: Transaction, grantee: str, usccs: Sequence[str]
) -> dict[str, list[KnownConsent]]:
    """Return all that some enterprises ever consented to one grantee, by enterprise."""
    return await store.consents_to(work, grantee, usccs)


async def consent(work: Transaction, consent_id: UUID, *, reader: str | None) -> KnownConsent:
    """Read a consent; raises NotFound until it has arrived, or for anyone but its grantee."""
    return await store.consent(work, consent_id, reader=reader)
