"""The composition root of credit."""

from services.credit.demands import routes as demands
from services.credit.loans import routes as loans
from services.credit.portfolios import routes as portfolios
from services.credit.reports import routes as reports
from services.credit.subscriptions import SUBSCRIPTIONS
from shared.runner import Service

SERVICE = Service(
    name="credit",
    routers=(demands.router, loans.router, reports.router, portfolios.router),
    subscriptions=SUBSCRIPTIONS,
)
