"""The composition root of registry."""

from services.registry.consents import routes as consents
from services.registry.enterprises import routes as enterprises
from services.registry.institutions import routes as institutions
from services.registry.lists import routes as lists
from services.registry.qualifications import routes as qualifications
from services.registry.subscriptions import SUBSCRIPTIONS
from shared.operations import routes as operations
from shared.runner import Service

SERVICE = Service(
    name="registry",
    routers=(
        institutions.router,
        enterprises.router,
        qualifications.router,
        lists.router,
        consents.router,
        operations.router,
    ),
    subscriptions=SUBSCRIPTIONS,
)
