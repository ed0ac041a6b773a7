"""Funds and their double-entry ledger: balanced per posting, never changed, never overdrawn."""

from alembic import op

revision = "0003_fund"
down_revision = "0002_known"

TABLES = (
    """
    CREATE TABLE fund (
        code text PRIMARY KEY,
        version bigint NOT NULL,
        leverage integer NOT NULL CHECK (leverage BETWEEN 1 AND 20),
        capital_fen bigint NOT NULL DEFAULT 0 CHECK (capital_fen BETWEEN 0 AND 100000000000000000),
        cash_fen bigint NOT NULL DEFAULT 0 CHECK (cash_fen >= 0),
        committed_fen bigint NOT NULL DEFAULT 0,
        reserved_fen bigint NOT NULL DEFAULT 0,
        opened_on date NOT NULL,
        CONSTRAINT fund_commitments_covered
            CHECK (committed_fen >= 0 AND committed_fen <= leverage * capital_fen),
        CONSTRAINT fund_reservations_covered
            CHECK (reserved_fen >= 0 AND reserved_fen <= cash_fen)
    )
    """,
    """
    CREATE TABLE fund_posting (
        position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        posting_id uuid PRIMARY KEY,
        fund text NOT NULL REFERENCES fund (code),
        kind text NOT NULL,
        cause_id uuid NOT NULL,
        reverses uuid UNIQUE REFERENCES fund_posting (posting_id),
        booked_on date NOT NULL,
        recorded_at timestamptz NOT NULL,
        note text NOT NULL
    )
    """,
    "CREATE INDEX fund_posting_cause ON fund_posting (cause_id)",
    "CREATE INDEX fund_posting_page ON fund_posting (fund, position)",
    """
    CREATE TABLE fund_entry (
        posting_id uuid NOT NULL REFERENCES fund_posting (posting_id),
        line smallint NOT NULL,
        account text NOT NULL CHECK (account IN (
            'cash', 'capital', 'commitments', 'commitments_contra', 'reserved', 'reserved_contra',
            'compensation_paid', 'recoveries'
        )),
        debit_fen bigint NOT NULL,
        credit_fen bigint NOT NULL,
        PRIMARY KEY (posting_id, line),
        CHECK (
            (debit_fen > 0 AND credit_fen = 0) OR (debit_fen = 0 AND credit_fen > 0)
        )
    )
    """,
    """
    CREATE FUNCTION fund_posting_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM fund_entry WHERE posting_id = NEW.posting_id
            HAVING count(*) >= 2 AND sum(debit_fen) = sum(credit_fen);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'posting % does not balance', NEW.posting_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'fund_posting_balances';
        END IF;
        RETURN NULL;
    END $$
    """,
    # Deferred: a posting's entries come after it, and the sum is right only when all are there.
    """
    CREATE CONSTRAINT TRIGGER fund_posting_balances AFTER INSERT ON fund_posting
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fund_posting_balances()
    """,
    """
    CREATE CONSTRAINT TRIGGER fund_entry_balances AFTER INSERT ON fund_entry
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fund_posting_balances()
    """,
    """
    CREATE FUNCTION fund_ledger_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the ledger is append-only: correct it by a reversing posting'
            USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER fund_posting_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON fund_posting
        FOR EACH STATEMENT EXECUTE FUNCTION fund_ledger_is_final()
    """,
    """
    CREATE TRIGGER fund_entry_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON fund_entry
        FOR EACH STATEMENT EXECUTE FUNCTION fund_ledger_is_final()
    """,
    "REVOKE UPDATE, DELETE, TRUNCATE ON fund_posting, fund_entry FROM guarantee_app",
)


def upgrade() -> None:
    """Create funds, postings and entries."""
    for statement in TABLES:
        op.execute(statement)
