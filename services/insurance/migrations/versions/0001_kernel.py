"""The kernel's tables: outbox, idempotency, consumer memory, parking, processes."""

from alembic import op

from shared.db.kernel import create_kernel

revision = "0001_kernel"
down_revision = None


def upgrade() -> None:
    """Create version 1 of the kernel."""
    create_kernel(op.execute)
