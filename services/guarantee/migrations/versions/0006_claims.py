"""Claims, the split of each approved one, and its legs."""

from alembic import op

revision = "0006_claims"
down_revision = "0005_guarantees"

TABLES = (
    """
    CREATE TABLE claim (
        id uuid PRIMARY KEY,
        version bigint NOT NULL,
        state text NOT NULL CHECK (state IN (
            'filed', 'verified', 'approved', 'settled', 'closed', 'rejected'
        )),
        guarantee_id uuid NOT NULL REFERENCES guarantee (id),
        loan_id uuid NOT NULL,
        programme text NOT NULL,
        bank text NOT NULL,
        guarantor text NOT NULL,
        fund text NOT NULL,
        ledger_party text NOT NULL,
        viewers text[] NOT NULL,
        covered_fen bigint NOT NULL CHECK (covered_fen > 0),
        principal_outstanding_fen bigint NOT NULL,
        recovered_before_fen bigint NOT NULL CHECK (recovered_before_fen >= 0),
        documents jsonb NOT NULL,
        filed_on date NOT NULL,
        filed_by text NOT NULL,
        verified_by text,
        approved_by text,
        approved_on date,
        rejected_by text,
        rejection_reason text,
        eligible_loss_fen bigint CHECK (eligible_loss_fen > 0),
        settled_on date,
        closed_on date,
        CHECK (principal_outstanding_fen > recovered_before_fen),
        CONSTRAINT claim_within_cover CHECK (principal_outstanding_fen <= covered_fen),
        CONSTRAINT claim_four_eyes CHECK (approved_by <> verified_by),
        CHECK ((state IN ('approved', 'settled', 'closed')) = (approved_by IS NOT NULL)),
        CHECK ((eligible_loss_fen IS NULL) = (approved_by IS NULL))
    )
    """,
    # One claim per guarantee, unless the earlier one was rejected: no double compensation.
    "CREATE UNIQUE INDEX claim_guarantee ON claim (guarantee_id) WHERE state <> 'rejected'",
    "CREATE INDEX claim_of_guarantee ON claim (guarantee_id, id)",
    "CREATE INDEX claim_viewers ON claim USING gin (viewers)",
    """
    CREATE TABLE loss_split (
        claim_id uuid PRIMARY KEY REFERENCES claim (id),
        rule_pack_id text NOT NULL,
        rule_pack_version integer NOT NULL,
        rule_pack_digest text NOT NULL,
        tier text NOT NULL,
        pack_on date NOT NULL,
        loss_fen bigint NOT NULL,
        recovered_fen bigint NOT NULL,
        eligible_loss_fen bigint NOT NULL CHECK (eligible_loss_fen = loss_fen - recovered_fen),
        facts jsonb NOT NULL,
        counters jsonb NOT NULL,
        counter_moves jsonb NOT NULL,
        year integer NOT NULL,
        trace jsonb NOT NULL,
        digest text NOT NULL,
        decided_on date NOT NULL
    )
    """,
    # What was decided stays as it was decided; a correction is a new decision.
    "REVOKE UPDATE, DELETE, TRUNCATE ON loss_split FROM guarantee_app",
    """
    CREATE TABLE loss_leg (
        claim_id uuid NOT NULL REFERENCES claim (id),
        place smallint NOT NULL,
        party text NOT NULL,
        org text NOT NULL,
        share_ppm integer NOT NULL CHECK (share_ppm BETWEEN 0 AND 1000000),
        base_fen bigint NOT NULL CHECK (base_fen >= 0),
        capped_fen bigint NOT NULL CHECK (capped_fen BETWEEN 0 AND base_fen),
        overflow_fen bigint NOT NULL CHECK (overflow_fen >= 0),
        due_on date NOT NULL,
        paid_on date,
        reference text,
        recovered_fen bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (claim_id, place),
        UNIQUE (claim_id, party),
        CHECK ((paid_on IS NULL) = (reference IS NULL)),
        CONSTRAINT loss_leg_recovered CHECK (
            recovered_fen >= 0 AND recovered_fen <= capped_fen + overflow_fen
        )
    )
    """,
)


def upgrade() -> None:
    """Create claims, splits and legs."""
    for statement in TABLES:
        op.execute(statement)
