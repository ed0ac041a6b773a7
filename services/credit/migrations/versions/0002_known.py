"""What credit knows of institutions, enterprises, consents and tripped breakers."""

from alembic import op

revision = "0002_known"
down_revision = "0001_kernel"

STATEMENTS = (
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
    CREATE TABLE known_consent (
        id uuid PRIMARY KEY,
        uscc text NOT NULL,
        grantee text NOT NULL,
        purpose text NOT NULL,
        valid_from date NOT NULL,
        valid_to date NOT NULL,
        revoked_on date
    )
    """,
    """
    CREATE TABLE known_breaker (
        programme text NOT NULL,
        bank text NOT NULL,
        numerator_fen bigint NOT NULL,
        base_fen bigint NOT NULL,
        threshold_ppm integer NOT NULL,
        tripped_on date NOT NULL,
        PRIMARY KEY (programme, bank)
    )
    """,
    "CREATE INDEX known_consent_grantee ON known_consent (grantee, purpose, uscc)",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
