"""Institutions, enterprises, their qualifications, and the lists that name them."""

from alembic import op

revision = "0003_enterprises"
down_revision = "0002_consents"

STATEMENTS = (
    """
    CREATE TABLE institution (
        code text PRIMARY KEY,
        version bigint NOT NULL,
        kind text NOT NULL,
        name_zh text NOT NULL,
        name_en text NOT NULL,
        uscc text,
        region text NOT NULL,
        valid_from date NOT NULL,
        valid_to date,
        CHECK (valid_to IS NULL OR valid_from < valid_to)
    )
    """,
    """
    CREATE TABLE enterprise (
        uscc text PRIMARY KEY,
        version bigint NOT NULL,
        name text NOT NULL,
        region text NOT NULL,
        chain text NOT NULL,
        registered_by text NOT NULL,
        staff integer,
        sales_fen bigint,
        tax_grade text,
        recorded_by text,
        registered_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE qualification (
        id uuid PRIMARY KEY,
        version bigint NOT NULL,
        uscc text NOT NULL REFERENCES enterprise,
        category text NOT NULL,
        certificate_no text NOT NULL,
        granted_by text NOT NULL,
        valid_from date NOT NULL,
        valid_to date NOT NULL,
        revoked_on date,
        revoked_because text,
        UNIQUE (uscc, category, certificate_no),
        CHECK (valid_from < valid_to)
    )
    """,
    """
    CREATE TABLE list_version (
        list_code text NOT NULL,
        version integer NOT NULL,
        published_by text NOT NULL,
        published_at timestamptz NOT NULL,
        accepted integer NOT NULL,
        rejected integer NOT NULL,
        PRIMARY KEY (list_code, version)
    )
    """,
    """
    CREATE TABLE list_member (
        list_code text NOT NULL,
        list_version integer NOT NULL,
        uscc text NOT NULL REFERENCES enterprise,
        PRIMARY KEY (list_code, list_version, uscc),
        FOREIGN KEY (list_code, list_version) REFERENCES list_version (list_code, version)
    )
    """,
)


def upgrade() -> None:
    """Create the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
