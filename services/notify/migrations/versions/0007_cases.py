"""Cases: the events that name a part of one, found by any id of it."""

from alembic import op

revision = "0007_cases"
down_revision = "0006_operations"

STATEMENTS = (
    """
    CREATE TABLE case_event (
        event_id uuid PRIMARY KEY,
        type text NOT NULL,
        topic text NOT NULL,
        subject text NOT NULL,
        version bigint,
        ids text[] NOT NULL,
        correlation uuid NOT NULL,
        causation uuid,
        traceparent text,
        recorded_at timestamptz NOT NULL,
        arrived_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX case_event_ids ON case_event USING gin (ids)",
)


def upgrade() -> None:
    """Create the table and its index."""
    for statement in STATEMENTS:
        op.execute(statement)
