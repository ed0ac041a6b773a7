"""The loss up to which an ordinary approver of the guarantor approves, by programme."""

from alembic import op

revision = "0017_approval_limit"
down_revision = "0016_reconciliations"


def upgrade() -> None:
    """Add the column; a programme without a limit knows one kind of approver."""
    op.execute(
        "ALTER TABLE programme ADD COLUMN approval_limit_fen bigint CHECK (approval_limit_fen > 0)"
    )
