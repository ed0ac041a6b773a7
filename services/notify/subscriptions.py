"""What notify does on other services' events: keep who consented, append to the feeds."""

from services.notify.cases.handlers import on_case_event
from services.notify.cases.rules import case_types
from services.notify.catalogue.rules import FEEDS
from services.notify.feeds.handlers import on_event
from services.notify.known.handlers import (
    on_consent_granted,
    on_consent_revoked,
    on_institution_registered,
)
from shared.events.registry import ConsentGranted, ConsentRevoked, InstitutionRegistered
from shared.messaging.apply import Subscriptions
from shared.messaging.turns import in_turn
from shared.operations.rebuild import ReadModel

LEARNS: Subscriptions = {
    InstitutionRegistered: on_institution_registered,
    ConsentGranted: on_consent_granted,
    ConsentRevoked: on_consent_revoked,
}
CASE_TYPES = case_types()
READ_MODELS = (
    ReadModel(
        "known",
        ("known_institution", "known_consent"),
        LEARNS,
        local=frozenset({"known_since"}),
    ),
    ReadModel(
        "cases",
        ("case_event",),
        dict.fromkeys(CASE_TYPES, on_case_event),
        local=frozenset({"arrived_at"}),
    ),
)

FEEDS_OF: Subscriptions = {event_type: on_event for feed in FEEDS for event_type in feed.types}

SUBSCRIPTIONS: Subscriptions = {
    **LEARNS,
    **FEEDS_OF,
    **{
        event_type: in_turn(on_case_event, FEEDS_OF[event_type])
        if event_type in FEEDS_OF
        else on_case_event
        for event_type in CASE_TYPES
    },
}
