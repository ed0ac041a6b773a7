"""Programmes with their quota, and their counters per year and bank."""

from alembic import op

revision = "0004_programmes"
down_revision = "0003_fund"

TABLES = (
    """
    CREATE TABLE programme (
        code text PRIMARY KEY,
        version bigint NOT NULL,
        title text NOT NULL,
        rule_pack_id text NOT NULL,
        rule_pack_version integer NOT NULL,
        rule_pack_digest text NOT NULL,
        fund text NOT NULL,
        parties jsonb NOT NULL,
        quota_fen bigint NOT NULL CHECK (quota_fen > 0),
        enrolled_fen bigint NOT NULL DEFAULT 0,
        period_months integer NOT NULL CHECK (period_months > 0),
        guarantee_type text NOT NULL CHECK (guarantee_type IN ('joint_and_several', 'general')),
        enrolment_days integer NOT NULL CHECK (enrolment_days >= 0),
        due_days integer NOT NULL CHECK (due_days > 0),
        effective_from date NOT NULL,
        state text NOT NULL CHECK (state IN ('draft', 'active')),
        created_by text NOT NULL,
        created_at timestamptz NOT NULL,
        activated_by text,
        activated_at timestamptz,
        CONSTRAINT programme_within_quota CHECK (enrolled_fen BETWEEN 0 AND quota_fen),
        CONSTRAINT programme_four_eyes CHECK (activated_by <> created_by),
        CHECK ((state = 'draft') = (activated_by IS NULL))
    )
    """,
    """
    CREATE TABLE programme_counter (
        programme text NOT NULL REFERENCES programme (code),
        bank text NOT NULL,
        year integer NOT NULL,
        prior_year_end_balance_fen bigint CHECK (prior_year_end_balance_fen >= 0),
        pool_paid_fen bigint NOT NULL DEFAULT 0 CHECK (pool_paid_fen >= 0),
        claims_paid_fen bigint NOT NULL DEFAULT 0 CHECK (claims_paid_fen >= 0),
        npl_principal_loss_fen bigint NOT NULL DEFAULT 0 CHECK (npl_principal_loss_fen >= 0),
        PRIMARY KEY (programme, bank, year)
    )
    """,
    """
    CREATE TABLE programme_opening (
        id uuid PRIMARY KEY,
        version bigint NOT NULL,
        programme text NOT NULL REFERENCES programme (code),
        bank text NOT NULL,
        year integer NOT NULL,
        balance_fen bigint NOT NULL CHECK (balance_fen >= 0),
        filed_by text NOT NULL,
        filed_on date NOT NULL,
        state text NOT NULL CHECK (state IN ('filed', 'confirmed', 'superseded')),
        confirmed_by text,
        confirmed_on date,
        replaced_fen bigint CHECK (replaced_fen >= 0),
        CONSTRAINT programme_opening_four_eyes CHECK (confirmed_by <> filed_by),
        CHECK ((state = 'confirmed') = (confirmed_by IS NOT NULL)),
        CHECK ((confirmed_by IS NULL) = (confirmed_on IS NULL))
    )
    """,
    # One figure waits for its confirmation at a time.
    """
    CREATE UNIQUE INDEX programme_opening_waits ON programme_opening (programme, bank, year)
        WHERE state = 'filed'
    """,
    "CREATE INDEX programme_opening_page ON programme_opening (programme, id)",
    # What was the base stays on record.
    "REVOKE DELETE, TRUNCATE ON programme_opening FROM guarantee_app",
)


def upgrade() -> None:
    """Create programmes, counters, openings; the bank '' stands for the whole programme."""
    for statement in TABLES:
        op.execute(statement)
