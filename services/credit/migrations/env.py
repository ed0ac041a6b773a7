"""Alembic's entry: runs this service's history on the connection that the runner hands over."""

from alembic import context

from services.credit.batches.tables import BatchesTables
from services.credit.demands.tables import DemandsTables
from services.credit.known.tables import KnownTables
from services.credit.loans.tables import LoansTables
from shared.db.migrations import run_environment

run_environment(
    context.config,
    [
        KnownTables.metadata,
        DemandsTables.metadata,
        LoansTables.metadata,
        BatchesTables.metadata,
    ],
)
