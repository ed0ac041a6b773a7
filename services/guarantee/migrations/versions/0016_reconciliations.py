"""Reconciliations: what organisations state of a day, and the days by which cases are found."""

from alembic import op

revision = "0016_reconciliations"
down_revision = "0015_recovery_traces"

TABLES = (
    """
    CREATE TABLE reconciliation_statement (
        org text NOT NULL,
        day date NOT NULL,
        number integer NOT NULL CHECK (number >= 1),
        row_count integer NOT NULL,
        sha256 text NOT NULL,
        stated_by text NOT NULL,
        stated_at timestamptz NOT NULL,
        PRIMARY KEY (org, day, number)
    )
    """,
    """
    CREATE TABLE reconciliation_row (
        org text NOT NULL,
        day date NOT NULL,
        number integer NOT NULL,
        kind text NOT NULL
            CHECK (kind IN ('effective', 'released', 'claimed', 'paid', 'recovered')),
        subject_id uuid NOT NULL,
        party text NOT NULL,
        amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
        guarantee_id uuid NOT NULL REFERENCES guarantee (id),
        bank text NOT NULL,
        PRIMARY KEY (org, day, number, kind, subject_id, party),
        FOREIGN KEY (org, day, number) REFERENCES reconciliation_statement (org, day, number)
    )
    """,
    "CREATE INDEX reconciliation_row_bank ON reconciliation_row (bank, day)",
    "REVOKE UPDATE, DELETE, TRUNCATE ON reconciliation_statement, reconciliation_row "
    "FROM guarantee_app",
    "CREATE INDEX guarantee_effective_on ON guarantee (bank, effective_on)",
    "CREATE INDEX guarantee_released_on ON guarantee (bank, released_on)",
    "CREATE INDEX claim_filed_on ON claim (bank, filed_on)",
    "CREATE INDEX loss_leg_paid_on ON loss_leg (paid_on)",
    "CREATE INDEX recovery_received_on ON recovery (received_on)",
)


def upgrade() -> None:
    """Create the tables and the indexes."""
    for statement in TABLES:
        op.execute(statement)
