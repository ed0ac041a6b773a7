"""Use cases of the consents."""

from uuid import UUID

from services.registry.consents import rules, store
from services.registry.consents.rules import Consent, ConsentId
from services.registry.consents.schemas import GrantConsent
from services.registry.consents.store import Stored
from services.registry.institutions import handlers as institutions
from shared.db.database import Transaction
from shared.uscc import Uscc


async def grant_consent(work: Transaction, body: GrantConsent) -> Stored:
    """Grant a consent and publish it; departments need none, they have a duty."""
    await institutions.require_consentable(work, body.grantee)
    consent = Consent(
        id=ConsentId(work.new_id()),
        uscc=Uscc(body.uscc),
        grantee=body.grantee,
        purpose=body.purpose,
        feeds=tuple(body.feeds),
        evidence_sha256=body.evidence_sha256,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
    )
    granted, event = rules.grant(consent, today=work.today)
    stored = await store.insert(work, granted, version=1)
    work.publish_all([event], after=0)
    return stored


async def revoke_consent(work: Transaction, consent_id: UUID, *, expected_version: int) -> Stored:
    """Revoke a consent from today on and publish it."""
    stored = await store.lock(work, consent_id, expected_version=expected_version)
    revoked, event = rules.revoke(stored.consent, today=work.today)
    version = work.publish_all([event], after=stored.version)
    return await store.save(work, revoked, version=version)
