"""The composition root of registry."""

from services.registry.consents import routes as consents
from services.registry.subscriptions import SUBSCRIPTIONS
from shared.runner import Service

SERVICE = Service(
    name="registry",
    routers=(consents.router,),
    subscriptions=SUBSCRIPTIONS,
)
