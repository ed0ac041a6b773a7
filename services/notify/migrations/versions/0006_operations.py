"""The kernel's second version: operators' requests, reminders of processes, retention."""

from alembic import op

from shared.db.kernel import operate_kernel

revision = "0006_operations"
down_revision = "0005_disclosures"


def upgrade() -> None:
    """Bring the kernel to version 2."""
    operate_kernel(op.execute)
