"""The rulebook: versions of rule packs that are drafted and activated while the service runs."""

from alembic import op

revision = "0011_rulebook"
down_revision = "0010_ledger"

TABLES = (
    # One row, locked by every change: its revision changes with the content, so that a process
    # knows by one read whether what it holds is current.
    """
    CREATE TABLE rulebook (
        one boolean PRIMARY KEY CHECK (one),
        revision uuid NOT NULL
    )
    """,
    """
    CREATE TABLE rule_pack_version (
        pack_id text NOT NULL,
        number integer NOT NULL CHECK (number >= 1),
        version bigint NOT NULL,
        state text NOT NULL CHECK (state IN ('draft', 'active', 'withdrawn')),
        content text NOT NULL,
        digest text NOT NULL,
        valid_from date NOT NULL,
        valid_to date,
        org text NOT NULL,
        drafted_by text NOT NULL,
        drafted_at timestamptz NOT NULL,
        activated_by text,
        activated_at timestamptz,
        signature bytea,
        public_key bytea,
        PRIMARY KEY (pack_id, number),
        CHECK (valid_to > valid_from),
        CONSTRAINT rule_pack_version_four_eyes CHECK (activated_by <> drafted_by),
        CONSTRAINT rule_pack_version_signed CHECK (
            (state = 'active') = (activated_by IS NOT NULL AND activated_at IS NOT NULL
                AND signature IS NOT NULL AND public_key IS NOT NULL)
        )
    )
    """,
    """
    CREATE FUNCTION rule_pack_version_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.state <> 'draft' THEN
            RAISE EXCEPTION 'version % of % is final', OLD.number, OLD.pack_id
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER rule_pack_version_is_final BEFORE UPDATE ON rule_pack_version
        FOR EACH ROW EXECUTE FUNCTION rule_pack_version_is_final()
    """,
    "REVOKE DELETE, TRUNCATE ON rule_pack_version FROM guarantee_app",
    """
    CREATE TABLE rule_pack_end (
        pack_id text NOT NULL,
        number integer NOT NULL,
        ends_on date NOT NULL,
        ending text NOT NULL CHECK (ending IN ('superseded', 'retired')),
        reason text NOT NULL,
        ended_by text NOT NULL,
        ended_at timestamptz NOT NULL,
        PRIMARY KEY (pack_id, number)
    )
    """,
    "REVOKE UPDATE, DELETE, TRUNCATE ON rule_pack_end FROM guarantee_app",
)


def upgrade() -> None:
    """Create the rulebook, its versions and their ends."""
    for statement in TABLES:
        op.execute(statement)
