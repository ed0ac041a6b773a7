"""The composition root of notify."""

from services.notify.cases import routes as cases
from services.notify.catalogue import routes as catalogue
from services.notify.disclosures import routes as disclosures
from services.notify.feeds import routes as feeds
from services.notify.grants import routes as grants
from services.notify.known import routes as known
from services.notify.subscriptions import READ_MODELS, SUBSCRIPTIONS
from shared.operations import routes as operations
from shared.runner import Service

SERVICE = Service(
    name="notify",
    routers=(
        catalogue.router,
        feeds.router,
        grants.router,
        disclosures.router,
        known.router,
        cases.router,
        operations.router,
    ),
    subscriptions=SUBSCRIPTIONS,
    read_models=READ_MODELS,
)
