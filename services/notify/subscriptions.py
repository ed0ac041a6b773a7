"""What notify does on other services' events: keep who consented, append to the feeds."""

from services.notify.catalogue.rules import FEEDS
from services.notify.feeds.handlers import on_event
from services.notify.known.handlers import (
    on_consent_granted,
    on_consent_revoked,
    on_institution_registered,
)
from shared.events.registry import ConsentGranted, ConsentRevoked, InstitutionRegistered
from shared.messaging.apply import Subscriptions
from shared.operations.rebuild import ReadModel

LEARNS: Subscriptions = {
    InstitutionRegistered: on_institution_registered,
    ConsentGranted: on_consent_granted,
    ConsentRevoked: on_consent_revoked,
}
READ_MODELS = (
    ReadModel(
        "known",
        ("known_institution", "known_consent"),
        LEARNS,
        local=frozenset({"known_since"}),
    ),
)

SUBSCRIPTIONS: Subscriptions = {
    **LEARNS,
    **{event_type: on_event for feed in FEEDS for event_type in feed.types},
}
