"""What insurance does on events: it learns who is registered."""

from services.insurance.known import handlers as known
from shared.events.registry import EnterpriseRegistered, InstitutionRegistered
from shared.messaging.apply import Subscriptions
from shared.operations.rebuild import ReadModel

SUBSCRIPTIONS: Subscriptions = {
    InstitutionRegistered: known.on_institution_registered,
    EnterpriseRegistered: known.on_enterprise_registered,
}
READ_MODELS = (ReadModel("known", ("known_institution", "known_enterprise"), SUBSCRIPTIONS),)
