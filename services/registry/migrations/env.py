"""Alembic's entry: runs this service's history on the connection that the runner hands over."""

from alembic import context

from services.registry.consents.tables import ConsentsTables
from services.registry.enterprises.tables import EnterprisesTables
from services.registry.institutions.tables import InstitutionsTables
from services.registry.lists.tables import ListsTables
from services.registry.qualifications.tables import QualificationsTables
from shared.db.migrations import run_environment

run_environment(
    context.config,
    [
        ConsentsTables.metadata,
        InstitutionsTables.metadata,
        EnterprisesTables.metadata,
        QualificationsTables.metadata,
        ListsTables.metadata,
    ],
)
