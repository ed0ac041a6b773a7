"""Use cases of the disclosure log."""

from services.notify.disclosures import rules, store
from services.notify.disclosures.rules import Disclosure
from shared.db.database import Transaction


async def record(work: Transaction, rows: tuple[Disclosure, ...]) -> None:
    """Log the entries that one read hands over, in the transaction of the read, and publish it."""
    await store.append(work, rows)
    work.publish_all([rules.disclosed(rows)], after=0)
