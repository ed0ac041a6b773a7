"""Alembic's entry: runs this service's history on the connection that the runner hands over."""

from alembic import context

from services.insurance.known.tables import KnownTables
from services.insurance.policies.tables import PoliciesTables
from services.insurance.qualifications.tables import QualificationsTables
from services.insurance.subsidies.tables import SubsidiesTables
from shared.db.migrations import run_environment

run_environment(
    context.config,
    [
        KnownTables.metadata,
        QualificationsTables.metadata,
        PoliciesTables.metadata,
        SubsidiesTables.metadata,
    ],
)
