"""What guarantee does on events: it learns of firms and loans, and decides on enrolments."""

from services.guarantee.programmes.handlers import shipped_packs
from shared.messaging.apply import Subscriptions
from shared.rulepack.catalogue import PackCatalogue


def build(packs: PackCatalogue) -> Subscriptions:
    """Bind the handlers of events to the packs that they decide by."""
    del packs
    return {}


SUBSCRIPTIONS: Subscriptions = build(shipped_packs())
