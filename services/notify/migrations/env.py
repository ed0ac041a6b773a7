"""Alembic's entry: runs this service's history on the connection that the runner hands over."""

from alembic import context

from services.notify.disclosures.tables import DisclosuresTables
from services.notify.feeds.tables import FeedsTables
from services.notify.grants.tables import GrantsTables
from services.notify.known.tables import KnownTables
from shared.db.migrations import run_environment

run_environment(
    context.config,
    [
        KnownTables.metadata,
        GrantsTables.metadata,
        FeedsTables.metadata,
        DisclosuresTables.metadata,
    ],
)
