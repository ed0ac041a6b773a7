"""Ends of days: runs, what they did for each case, and filings with re-guarantors."""

from alembic import op

revision = "0014_day_ends"
down_revision = "0013_reports"

TABLES = (
    """
    CREATE TABLE day_end (
        day date NOT NULL,
        run text NOT NULL CHECK (run IN ('release', 'filing', 'overdue')),
        passes integer NOT NULL,
        cursor uuid,
        changed bigint NOT NULL,
        asked_at timestamptz NOT NULL,
        finished_at timestamptz,
        PRIMARY KEY (day, run)
    )
    """,
    "CREATE INDEX day_end_open ON day_end (day, run) WHERE finished_at IS NULL",
    """
    CREATE TABLE day_end_case (
        day date NOT NULL,
        run text NOT NULL,
        case_id uuid NOT NULL,
        PRIMARY KEY (day, run, case_id)
    )
    """,
    """
    CREATE TABLE filing (
        guarantee_id uuid NOT NULL REFERENCES guarantee (id),
        party text NOT NULL,
        org text NOT NULL,
        month date NOT NULL,
        filed_on date NOT NULL,
        guaranteed_fen bigint NOT NULL,
        share_ppm integer NOT NULL,
        fee_fen bigint,
        guarantor text NOT NULL,
        PRIMARY KEY (guarantee_id, party)
    )
    """,
    "CREATE INDEX filing_batch ON filing (org, month, guarantee_id, party)",
    "CREATE INDEX guarantee_in_force ON guarantee (id) WHERE state = 'effective'",
    "CREATE INDEX loss_leg_unpaid ON loss_leg (claim_id) WHERE paid_on IS NULL",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES:
        op.execute(statement)
