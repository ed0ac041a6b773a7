"""The composition root of guarantee."""

from services.guarantee.programmes.handlers import shipped_packs
from services.guarantee.quotes import routes as quotes
from services.guarantee.subscriptions import SUBSCRIPTIONS
from shared.runner import Service

SERVICE = Service(
    name="guarantee",
    routers=(quotes.router,),
    subscriptions=SUBSCRIPTIONS,
    state={"packs": shipped_packs()},
)
