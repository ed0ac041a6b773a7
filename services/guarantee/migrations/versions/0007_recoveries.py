"""Recoveries: what came back, and how it was shared."""

from alembic import op

revision = "0007_recoveries"
down_revision = "0006_claims"

TABLES = (
    """
    CREATE TABLE recovery (
        id uuid PRIMARY KEY,
        claim_id uuid NOT NULL REFERENCES claim (id),
        cash_fen bigint NOT NULL CHECK (cash_fen > 0),
        costs_fen bigint NOT NULL CHECK (costs_fen >= 0),
        costs_paid_fen bigint NOT NULL CHECK (costs_paid_fen BETWEEN 0 AND costs_fen),
        surplus_fen bigint NOT NULL CHECK (surplus_fen >= 0),
        received_on date NOT NULL,
        reference text NOT NULL,
        allocations jsonb NOT NULL,
        recorded_by text NOT NULL,
        trace jsonb NOT NULL,
        UNIQUE (claim_id, reference)
    )
    """,
    "CREATE INDEX recovery_of_claim ON recovery (claim_id, id)",
    "REVOKE UPDATE, DELETE, TRUNCATE ON recovery FROM guarantee_app",
)


def upgrade() -> None:
    """Create the recoveries."""
    for statement in TABLES:
        op.execute(statement)
