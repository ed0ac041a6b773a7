"""Consents of enterprises to institutions."""

from alembic import op

revision = "0002_consents"
down_revision = "0001_kernel"


def upgrade() -> None:
    """Create the consents."""
    op.execute(
        """
        CREATE TABLE consent (
            id uuid PRIMARY KEY,
            version bigint NOT NULL,
            uscc text NOT NULL,
            grantee text NOT NULL,
            purpose text NOT NULL,
            feeds text[] NOT NULL,
            evidence_sha256 text NOT NULL,
            valid_from date NOT NULL,
            valid_to date NOT NULL,
            granted_at timestamptz NOT NULL,
            revoked_on date,
            CHECK (valid_from < valid_to)
        )
        """
    )
    op.execute("CREATE INDEX consent_uscc ON consent (uscc, id)")
    op.execute("CREATE INDEX consent_grantee ON consent (grantee, id)")
