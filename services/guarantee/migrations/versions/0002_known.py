"""What guarantee keeps of other services' events."""

from alembic import op

revision = "0002_known"
down_revision = "0001_kernel"

TABLES = (
    """
    CREATE TABLE known_institution (
        code text PRIMARY KEY,
        kind text NOT NULL,
        valid_from date NOT NULL,
        valid_to date
    )
    """,
    "CREATE TABLE known_enterprise (uscc text PRIMARY KEY)",
    """
    CREATE TABLE known_list_member (
        uscc text NOT NULL,
        list_code text NOT NULL,
        list_version bigint NOT NULL,
        PRIMARY KEY (uscc, list_code)
    )
    """,
    "CREATE INDEX known_list_member_version ON known_list_member (list_code, list_version)",
    """
    CREATE TABLE known_qualification (
        qualification_id uuid PRIMARY KEY,
        uscc text NOT NULL,
        category text NOT NULL,
        valid_from date NOT NULL,
        valid_to date NOT NULL,
        revoked_on date
    )
    """,
    "CREATE INDEX known_qualification_uscc ON known_qualification (uscc)",
    """
    CREATE TABLE known_loan (
        loan_id uuid PRIMARY KEY,
        uscc text NOT NULL,
        bank text NOT NULL,
        disbursed_on date NOT NULL,
        matures_on date NOT NULL,
        principal_outstanding_fen bigint NOT NULL CHECK (principal_outstanding_fen >= 0),
        overdue_since date,
        classification text,
        classified_on date,
        closed_on date
    )
    """,
)


def upgrade() -> None:
    """Create the known things."""
    for statement in TABLES:
        op.execute(statement)
