"""The composition root of credit."""

from services.credit.batches import routes as batches
from services.credit.batches.handlers import TAKE_IN_EVERY_S, take_in_some
from services.credit.demands import routes as demands
from services.credit.loans import routes as loans
from services.credit.portfolios import routes as portfolios
from services.credit.processes.handlers import GUARANTEED_LOAN
from services.credit.reports import routes as reports
from services.credit.subscriptions import READ_MODELS, SUBSCRIPTIONS
from shared.operations import routes as operations
from shared.operations.chores import Chore
from shared.runner import Service

SERVICE = Service(
    name="credit",
    routers=(
        demands.router,
        loans.router,
        reports.router,
        portfolios.router,
        batches.router,
        operations.router,
    ),
    subscriptions=SUBSCRIPTIONS,
    processes=(GUARANTEED_LOAN,),
    read_models=READ_MODELS,
    chores=(Chore("take-in", TAKE_IN_EVERY_S, take_in_some),),
)
