"""Demands, offers and loans."""

from alembic import op

revision = "0003_lending"
down_revision = "0002_known"

STATEMENTS = (
    """
    CREATE TABLE demand (
        id uuid PRIMARY KEY,
        version bigint NOT NULL,
        uscc text NOT NULL,
        amount_fen bigint NOT NULL CHECK (amount_fen > 0),
        tenor_months integer NOT NULL CHECK (tenor_months > 0),
        purpose text NOT NULL,
        state text NOT NULL,
        accepted_offer uuid,
        submitted_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE offer (
        id uuid PRIMARY KEY,
        demand_id uuid NOT NULL REFERENCES demand,
        bank text NOT NULL,
        amount_fen bigint NOT NULL CHECK (amount_fen > 0),
        rate_ppm integer NOT NULL CHECK (rate_ppm >= 0),
        tenor_months integer NOT NULL CHECK (tenor_months > 0),
        UNIQUE (demand_id, bank)
    )
    """,
    "CREATE INDEX demand_uscc ON demand (uscc, id)",
    """
    CREATE TABLE loan (
        id uuid PRIMARY KEY,
        version bigint NOT NULL,
        bank text NOT NULL,
        bank_reference text NOT NULL,
        uscc text NOT NULL,
        demand_id uuid REFERENCES demand,
        amount_fen bigint NOT NULL CHECK (amount_fen > 0),
        rate_ppm integer NOT NULL CHECK (rate_ppm >= 0),
        tenor_months integer NOT NULL CHECK (tenor_months > 0),
        signed_on date NOT NULL,
        state text NOT NULL,
        programme text,
        guarantor text,
        guarantee_id uuid,
        enrolled_on date,
        refusal_codes text[] NOT NULL,
        disbursed_on date,
        matures_on date,
        overdue_since date,
        principal_outstanding_fen bigint CHECK (principal_outstanding_fen <= amount_fen),
        reported_on date,
        classification text,
        classified_on date,
        claim_id uuid,
        compensated_fen bigint,
        closed_on date,
        settled_on date,
        withdrawn_on date,
        UNIQUE (bank, bank_reference)
    )
    """,
    "CREATE INDEX loan_bank ON loan (bank, id)",
    "CREATE INDEX loan_guarantor ON loan (guarantor, id) WHERE guarantor IS NOT NULL",
    "CREATE INDEX loan_programme ON loan (bank, programme, state)",
    "CREATE UNIQUE INDEX loan_demand ON loan (demand_id) WHERE demand_id IS NOT NULL",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
