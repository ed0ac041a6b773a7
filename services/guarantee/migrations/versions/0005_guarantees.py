"""Guarantees: every application, declined or covered, with the terms that a claim needs later."""

from alembic import op

revision = "0005_guarantees"
down_revision = "0004_programmes"

TABLES = (
    """
    CREATE TABLE guarantee (
        id uuid PRIMARY KEY,
        version bigint NOT NULL,
        state text NOT NULL CHECK (state IN (
            'declined', 'issued', 'effective', 'closed', 'released'
        )),
        loan_id uuid NOT NULL,
        uscc text NOT NULL,
        bank text NOT NULL,
        guarantor text NOT NULL,
        programme text NOT NULL,
        amount_fen bigint NOT NULL CHECK (amount_fen > 0),
        rate_ppm integer NOT NULL,
        tenor_months integer NOT NULL,
        signed_on date NOT NULL,
        requested_on date NOT NULL,
        decided_on date NOT NULL,
        refusals jsonb NOT NULL,
        cover jsonb,
        trace jsonb NOT NULL,
        viewers text[] NOT NULL,
        drawn_fen bigint,
        effective_on date,
        matures_on date,
        closed_on date,
        released_on date,
        release_reason text,
        CHECK ((state = 'declined') = (cover IS NULL)),
        CHECK (state NOT IN ('effective', 'closed') OR effective_on IS NOT NULL),
        CHECK ((state = 'released') = (released_on IS NOT NULL)),
        CHECK ((released_on IS NULL) = (release_reason IS NULL))
    )
    """,
    # One loan is covered at most once: no double compensation.
    "CREATE UNIQUE INDEX guarantee_loan ON guarantee (loan_id) WHERE state <> 'declined'",
    "CREATE INDEX guarantee_applications ON guarantee (loan_id, id)",
    """
    CREATE INDEX guarantee_firm ON guarantee (uscc) INCLUDE (amount_fen)
        WHERE state IN ('issued', 'effective')
    """,
    "CREATE INDEX guarantee_viewers ON guarantee USING gin (viewers)",
)


def upgrade() -> None:
    """Create the guarantees."""
    for statement in TABLES:
        op.execute(statement)
