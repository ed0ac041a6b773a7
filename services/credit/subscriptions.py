"""What credit does on events: learn from registry, and drive the guaranteed-loan process."""

from services.credit.known import handlers as known
from services.credit.processes import handlers as processes
from shared.events.credit import EnrolmentDeadlineReached
from shared.events.guarantee import (
    BreakerRestored,
    BreakerTripped,
    ClaimClosed,
    ClaimSettled,
    GuaranteeDeclined,
    GuaranteeReleased,
    LetterIssued,
)
from shared.events.registry import (
    ConsentGranted,
    ConsentRevoked,
    EnterpriseRegistered,
    InstitutionRegistered,
)
from shared.messaging.apply import Subscriptions
from shared.operations.rebuild import ReadModel

LEARNS: Subscriptions = {
    InstitutionRegistered: known.on_institution_registered,
    EnterpriseRegistered: known.on_enterprise_registered,
    ConsentGranted: known.on_consent_granted,
    ConsentRevoked: known.on_consent_revoked,
    BreakerTripped: known.on_breaker_tripped,
    BreakerRestored: known.on_breaker_restored,
}
READ_MODELS = (
    ReadModel(
        "known",
        ("known_institution", "known_enterprise", "known_consent", "known_breaker"),
        LEARNS,
    ),
)

SUBSCRIPTIONS: Subscriptions = {
    **LEARNS,
    LetterIssued: processes.on_letter_issued,
    GuaranteeDeclined: processes.on_guarantee_declined,
    GuaranteeReleased: processes.on_guarantee_released,
    EnrolmentDeadlineReached: processes.on_deadline,
    ClaimSettled: processes.on_claim_settled,
    ClaimClosed: processes.on_claim_closed,
}
