"""Replays: past decisions of a year, decided again under another rule pack."""

from alembic import op

revision = "0012_replays"
down_revision = "0011_rulebook"

TABLES = (
    # The order in which losses were decided on: the counters moved in it.
    "ALTER TABLE loss_split ADD COLUMN position bigint GENERATED ALWAYS AS IDENTITY",
    "CREATE UNIQUE INDEX loss_split_order ON loss_split (year, position)",
    """
    CREATE TABLE replay (
        id uuid PRIMARY KEY,
        version bigint NOT NULL,
        state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
        programme text NOT NULL REFERENCES programme (code),
        year integer NOT NULL,
        rule_pack_id text NOT NULL,
        rule_pack_version integer NOT NULL,
        rule_pack_digest text NOT NULL,
        org text NOT NULL,
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        total integer NOT NULL,
        done integer NOT NULL,
        refused integer NOT NULL,
        position bigint NOT NULL,
        counter_moves jsonb NOT NULL,
        before_fen jsonb NOT NULL,
        after_fen jsonb NOT NULL,
        failure text,
        finished_at timestamptz,
        CHECK (done BETWEEN 0 AND total),
        CHECK ((state = 'running') = (finished_at IS NULL))
    )
    """,
    "CREATE INDEX replay_running ON replay (asked_at) WHERE state = 'running'",
    """
    CREATE TABLE replay_row (
        replay_id uuid NOT NULL REFERENCES replay (id),
        place integer NOT NULL,
        claim_id uuid NOT NULL,
        before_fen jsonb NOT NULL,
        after_fen jsonb NOT NULL,
        refusal text,
        PRIMARY KEY (replay_id, place)
    )
    """,
)


def upgrade() -> None:
    """Order the decisions and create the replays."""
    for statement in TABLES:
        op.execute(statement)
