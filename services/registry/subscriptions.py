"""What registry does on other services' events: nothing, it only publishes."""

from shared.messaging.apply import Subscriptions

SUBSCRIPTIONS: Subscriptions = {}
