"""What is published of a read that handed something over."""

from uuid import UUID

from services.notify.disclosures.rules import Disclosure, disclosed
from tests.support.city import CONSENT, FIRM
from tests.support.readers import BANK, FEED, NOW, PURPOSE


def a_disclosure(position: int) -> Disclosure:
    return Disclosure(
        read_id=UUID(int=1),
        position=position,
        subscriber=BANK,
        person="clerk",
        feed=FEED,
        event_id=UUID(int=position),
        uscc=FIRM,
        fields=("uscc", "category"),
        purpose=PURPOSE,
        legal_basis="consent",
        subscription_id=UUID(int=2),
        consent_id=CONSENT,
        disclosed_at=NOW,
    )


def test_counts_the_entries_of_the_read_and_names_no_enterprise() -> None:
    event = disclosed((a_disclosure(3), a_disclosure(5)))

    assert event.model_dump() == {
        "read_id": UUID(int=1),
        "subscriber": BANK,
        "feed": FEED,
        "entries": 2,
    }
