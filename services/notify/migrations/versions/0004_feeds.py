"""Feeds: one log per feed, its newest position and its horizon."""

from alembic import op

revision = "0004_feeds"
down_revision = "0003_grants"


def upgrade() -> None:
    """Create the feeds' logs."""
    op.execute(
        """
        CREATE TABLE feed (
            feed text PRIMARY KEY,
            newest bigint NOT NULL,
            horizon bigint NOT NULL DEFAULT 0,
            CHECK (0 <= horizon AND horizon <= newest)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE feed_entry (
            feed text NOT NULL REFERENCES feed,
            position bigint NOT NULL,
            event_id uuid NOT NULL,
            type text NOT NULL,
            uscc text,
            subject text NOT NULL,
            state_key text NOT NULL,
            correlation uuid NOT NULL,
            traceparent text,
            data jsonb NOT NULL,
            recorded_at timestamptz NOT NULL,
            appended_at timestamptz NOT NULL,
            PRIMARY KEY (feed, position),
            UNIQUE (feed, event_id)
        )
        """
    )
    op.execute("CREATE INDEX feed_entry_state ON feed_entry (feed, state_key, position)")
