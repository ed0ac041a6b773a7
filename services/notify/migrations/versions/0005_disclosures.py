"""The disclosure log: appended to, never changed."""

from alembic import op

revision = "0005_disclosures"
down_revision = "0004_feeds"

STATEMENTS = (
    """
    CREATE TABLE disclosure (
        read_id uuid NOT NULL,
        position bigint NOT NULL,
        subscriber text NOT NULL,
        person text NOT NULL,
        feed text NOT NULL,
        event_id uuid NOT NULL,
        uscc text,
        fields text[] NOT NULL,
        purpose text NOT NULL,
        legal_basis text NOT NULL,
        subscription_id uuid NOT NULL REFERENCES subscription,
        consent_id uuid,
        disclosed_at timestamptz NOT NULL,
        PRIMARY KEY (read_id, position),
        CHECK (legal_basis <> 'consent' OR (consent_id IS NOT NULL AND uscc IS NOT NULL))
    )
    """,
    "CREATE INDEX disclosure_subscriber ON disclosure (subscriber, read_id, position)",
    "CREATE INDEX disclosure_uscc ON disclosure (uscc, read_id, position)",
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END
    $$
    """,
    """
    CREATE TRIGGER disclosure_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON disclosure
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
)


def upgrade() -> None:
    """Create the log and guard it."""
    for statement in STATEMENTS:
        op.execute(statement)
