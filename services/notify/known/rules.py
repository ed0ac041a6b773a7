"""What notify knows of others: who exists, and who consented to what.

Source: 征信业管理条例 art. 18 and 20: data is used as agreed with the enterprise, for the agreed
purpose. A consent holds for one grantee, one purpose and the feeds that it names, in a half-open
period, until it is revoked. A revocation acts as soon as it is known, whatever day it names.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.events.registry import InstitutionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownInstitution:
    """An entry of the directory; ``valid_to`` is exclusive, None without an end."""

    code: str
    kind: InstitutionKind
    valid_from: date
    valid_to: date | None

    def exists_on(self, day: date) -> bool:
        """Tell whether the institution exists on a business date."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownConsent:
    """A consent as far as it has arrived here; ``known_since`` is when its last event did."""

    consent_id: UUID
    uscc: str
    grantee: str
    purpose: str
    feeds: tuple[str, ...]
    valid_from: date
    valid_to: date
    revoked_on: date | None
    known_since: datetime

    def lets_read(self, feed: str, *, purpose: str, on: date) -> bool:
        """Tell whether the grantee may read a feed for a purpose on a business date."""
        return (
            self.revoked_on is None
            and self.valid_from <= on < self.valid_to
            and self.purpose == purpose
            and feed in self.feeds
        )
