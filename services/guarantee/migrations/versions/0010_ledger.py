"""The ledger's value dates and its seals: a chain of hashes over every fund's postings."""

from alembic import op

revision = "0010_ledger"
down_revision = "0009_operations"

TABLES = (
    # NULL where money moved on the day that it was booked: an older release writes no value date.
    "ALTER TABLE fund_posting ADD COLUMN valued_on date CHECK (valued_on <= booked_on)",
    """
    CREATE TABLE fund_block (
        fund text NOT NULL REFERENCES fund (code),
        number integer NOT NULL CHECK (number >= 1),
        first_position bigint NOT NULL,
        last_position bigint NOT NULL,
        postings integer NOT NULL CHECK (postings >= 1),
        hash bytea NOT NULL CHECK (length(hash) = 32),
        sealed_at timestamptz NOT NULL,
        PRIMARY KEY (fund, number),
        CHECK (first_position <= last_position)
    )
    """,
    """
    CREATE TABLE fund_seal (
        fund text NOT NULL REFERENCES fund (code),
        position bigint NOT NULL,
        posting_id uuid NOT NULL UNIQUE,
        block integer NOT NULL,
        hash bytea NOT NULL CHECK (length(hash) = 32),
        PRIMARY KEY (fund, position),
        FOREIGN KEY (fund, block) REFERENCES fund_block (fund, number)
    )
    """,
    "CREATE INDEX fund_seal_block ON fund_seal (fund, block)",
    """
    CREATE TRIGGER fund_block_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON fund_block
        FOR EACH STATEMENT EXECUTE FUNCTION fund_ledger_is_final()
    """,
    """
    CREATE TRIGGER fund_seal_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON fund_seal
        FOR EACH STATEMENT EXECUTE FUNCTION fund_ledger_is_final()
    """,
    "REVOKE UPDATE, DELETE, TRUNCATE ON fund_block, fund_seal FROM guarantee_app",
)


def upgrade() -> None:
    """Add value dates, blocks and seals."""
    for statement in TABLES:
        op.execute(statement)
