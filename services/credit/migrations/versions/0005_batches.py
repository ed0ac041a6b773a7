"""Batches: files of loans that are enrolled as jobs."""

from alembic import op

revision = "0005_batches"
down_revision = "0004_operations"

TABLES = (
    """
    CREATE TABLE batch (
        id uuid PRIMARY KEY,
        version bigint NOT NULL,
        bank text NOT NULL,
        programme text NOT NULL,
        guarantor text NOT NULL,
        format text NOT NULL CHECK (format IN ('csv', 'xlsx', 'json')),
        sha256 text NOT NULL,
        sent_by text NOT NULL,
        sent_at timestamptz NOT NULL,
        total integer NOT NULL,
        done integer NOT NULL,
        accepted integer NOT NULL,
        finished_at timestamptz,
        CHECK (accepted BETWEEN 0 AND done AND done <= total),
        CHECK ((done = total) = (finished_at IS NOT NULL))
    )
    """,
    "CREATE INDEX batch_running ON batch (sent_at) WHERE finished_at IS NULL",
    "CREATE INDEX batch_bank ON batch (bank, id)",
    """
    CREATE TABLE batch_row (
        batch_id uuid NOT NULL REFERENCES batch (id),
        number integer NOT NULL,
        cells jsonb NOT NULL,
        loan_id uuid REFERENCES loan (id),
        reasons jsonb NOT NULL,
        PRIMARY KEY (batch_id, number),
        CHECK (loan_id IS NULL OR reasons = '[]')
    )
    """,
    """
    CREATE INDEX batch_row_waiting ON batch_row (batch_id, number)
    WHERE loan_id IS NULL AND reasons = '[]'
    """,
)


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES:
        op.execute(statement)
