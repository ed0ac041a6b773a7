"""Breakers per programme and bank, and what each loan counts in them."""

from alembic import op

revision = "0008_breakers"
down_revision = "0007_recoveries"

TABLES = (
    """
    CREATE TABLE breaker (
        programme text NOT NULL REFERENCES programme (code),
        bank text NOT NULL,
        version bigint NOT NULL,
        viewers text[] NOT NULL,
        state text NOT NULL CHECK (state IN ('normal', 'warning', 'suspended')),
        year integer NOT NULL,
        numerator_fen bigint NOT NULL CHECK (numerator_fen >= 0),
        base_fen bigint NOT NULL CHECK (base_fen >= 0),
        ratio_ppm bigint,
        threshold_ppm integer NOT NULL,
        changed_on date NOT NULL,
        reason text,
        PRIMARY KEY (programme, bank)
    )
    """,
    """
    CREATE TABLE breaker_loan (
        loan_id uuid PRIMARY KEY,
        year integer NOT NULL,
        counted_fen bigint NOT NULL CHECK (counted_fen >= 0)
    )
    """,
)


def upgrade() -> None:
    """Create the breakers."""
    for statement in TABLES:
        op.execute(statement)
