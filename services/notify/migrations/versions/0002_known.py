"""What notify knows of others: institutions and consents."""

from alembic import op

revision = "0002_known"
down_revision = "0001_kernel"


def upgrade() -> None:
    """Create the known institutions and consents."""
    op.execute(
        """
        CREATE TABLE known_institution (
            code text PRIMARY KEY,
            kind text NOT NULL,
            valid_from date NOT NULL,
            valid_to date
        )
        """
    )
    op.execute(
        """
        CREATE TABLE known_consent (
            consent_id uuid PRIMARY KEY,
            uscc text NOT NULL,
            grantee text NOT NULL,
            purpose text NOT NULL,
            feeds text[] NOT NULL,
            valid_from date NOT NULL,
            valid_to date NOT NULL,
            revoked_on date,
            known_since timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX known_consent_reader ON known_consent (grantee, uscc)")
