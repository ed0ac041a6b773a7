"""Reports: loans as they stood on past days, what the regulator asks of each, kept snapshots."""

from alembic import op

revision = "0013_reports"
down_revision = "0012_replays"

TABLES = (
    """
    CREATE TABLE known_loan_fact (
        event_id uuid PRIMARY KEY,
        loan_id uuid NOT NULL,
        fact_on date NOT NULL,
        recorded_at timestamptz NOT NULL,
        principal_outstanding_fen bigint NOT NULL,
        overdue_since date,
        classification text,
        closed_on date
    )
    """,
    "CREATE INDEX known_loan_fact_of ON known_loan_fact (loan_id, fact_on, recorded_at)",
    # What is known already is one fact for each loan, of the newest day that it names.
    """
    INSERT INTO known_loan_fact SELECT loan_id, loan_id,
        coalesce(closed_on, classified_on, overdue_since, disbursed_on),
        coalesce(closed_on, classified_on, overdue_since, disbursed_on)::timestamptz,
        principal_outstanding_fen, overdue_since, classification, closed_on FROM known_loan
    """,
    """
    CREATE TABLE loan_attribute (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        loan_id uuid NOT NULL,
        stated_on date NOT NULL,
        size text NOT NULL CHECK (size IN ('large', 'medium', 'small', 'micro')),
        credit_line_fen bigint NOT NULL CHECK (credit_line_fen >= 0),
        is_farmer boolean NOT NULL,
        guarantor_is_public boolean NOT NULL,
        stated_by text NOT NULL
    )
    """,
    "CREATE INDEX loan_attribute_of ON loan_attribute (loan_id, stated_on, position)",
    """
    CREATE TABLE snapshot (
        id uuid PRIMARY KEY,
        report text NOT NULL,
        subject text NOT NULL,
        since date,
        "on" date NOT NULL,
        reader text,
        taken_by text NOT NULL,
        taken_at timestamptz NOT NULL,
        content text NOT NULL,
        sha256 text NOT NULL
    )
    """,
    "CREATE INDEX snapshot_reader ON snapshot (reader, id)",
    "CREATE INDEX claim_programme ON claim (programme, filed_on)",
    "CREATE INDEX guarantee_programme ON guarantee (programme, decided_on)",
    "CREATE INDEX guarantee_uscc ON guarantee (uscc, id)",
    """
    CREATE FUNCTION snapshot_is_kept() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''a snapshot is never changed''; END'
    """,
    """
    CREATE TRIGGER snapshot_is_kept BEFORE UPDATE OR DELETE ON snapshot
    FOR EACH ROW EXECUTE FUNCTION snapshot_is_kept()
    """,
)


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES:
        op.execute(statement)
