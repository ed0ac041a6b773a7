"""SQL of the enrolments: one firm is decided on by one transaction at a time."""

from shared.db.database import Transaction


async def lock_firm(work: Transaction, uscc: str) -> None:
    """Hold a firm until the transaction ends, so that what it has in force stands still.

    The firm's balance is summed over all programmes, whose row locks do not exclude each other.
    """
    await work.execute("SELECT pg_advisory_xact_lock(hashtextextended('firm ' || $1, 0))", uscc)
