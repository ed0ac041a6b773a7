"""Subscriptions of organisations to feeds, and the grants that answer them."""

from alembic import op

revision = "0003_grants"
down_revision = "0002_known"


def upgrade() -> None:
    """Create the subscriptions."""
    op.execute(
        """
        CREATE TABLE subscription (
            id uuid PRIMARY KEY,
            version bigint NOT NULL,
            subscriber text NOT NULL,
            feed text NOT NULL,
            purpose text NOT NULL,
            legal_basis text NOT NULL,
            wanted text[] NOT NULL,
            requested_by text NOT NULL,
            state text NOT NULL CHECK (state IN ('REQUESTED', 'ACTIVE', 'REVOKED')),
            fields text[],
            valid_from date,
            valid_to date,
            approved_by text,
            enterprises text[],
            revoked_because text,
            CHECK (valid_from < valid_to),
            CHECK (cardinality(enterprises) BETWEEN 1 AND 1000),
            CHECK (state = 'REQUESTED' OR state = 'REVOKED'
                   OR num_nonnulls(fields, valid_from, valid_to, approved_by) = 4)
        )
        """
    )
    op.execute("CREATE INDEX subscription_reader ON subscription (subscriber, feed, id)")
