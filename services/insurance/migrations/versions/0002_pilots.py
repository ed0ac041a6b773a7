"""What insurance knows of others, and its qualifications, policies and subsidies."""

from alembic import op

revision = "0002_pilots"
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
    CREATE TABLE qualification (
        id uuid PRIMARY KEY,
        version bigint NOT NULL,
        uscc text NOT NULL,
        pilot text NOT NULL,
        equipment_kind text NOT NULL,
        product text NOT NULL,
        equipment_value_fen bigint NOT NULL CHECK (equipment_value_fen > 0),
        quota_fen bigint NOT NULL CHECK (quota_fen >= 0),
        confirmed_by text NOT NULL,
        confirmed_at timestamptz NOT NULL,
        valid_from date NOT NULL,
        valid_to date NOT NULL,
        subsidised_fen bigint NOT NULL DEFAULT 0,
        CHECK (valid_from < valid_to),
        CHECK (subsidised_fen BETWEEN 0 AND quota_fen)
    )
    """,
    """
    CREATE TABLE policy (
        id uuid PRIMARY KEY,
        version bigint NOT NULL,
        qualification_id uuid NOT NULL REFERENCES qualification,
        uscc text NOT NULL,
        lead_insurer text NOT NULL,
        liability_limit_fen bigint NOT NULL,
        rate_ppm integer NOT NULL,
        premium_fen bigint NOT NULL CHECK (premium_fen > 0),
        state text NOT NULL,
        bound_on date NOT NULL,
        paid_on date
    )
    """,
    """
    CREATE TABLE co_insurance (
        policy_id uuid NOT NULL REFERENCES policy,
        place smallint NOT NULL,
        insurer text NOT NULL,
        share_ppm integer NOT NULL CHECK (share_ppm > 0),
        premium_fen bigint NOT NULL CHECK (premium_fen >= 0),
        PRIMARY KEY (policy_id, place),
        UNIQUE (policy_id, insurer)
    )
    """,
    """
    CREATE TABLE subsidy (
        id uuid PRIMARY KEY,
        version bigint NOT NULL,
        policy_id uuid NOT NULL UNIQUE REFERENCES policy,
        uscc text NOT NULL,
        rule_pack text NOT NULL,
        state text NOT NULL,
        filed_by text NOT NULL,
        filed_on date NOT NULL,
        decided_by text,
        decision jsonb,
        subsidy_fen bigint CHECK (subsidy_fen >= 0),
        paid_on date
    )
    """,
)


def upgrade() -> None:
    """Create the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
