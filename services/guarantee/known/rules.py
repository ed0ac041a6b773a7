"""What guarantee knows of others: firms, institutions and loans, as their events told it.

Nothing here is decided; a value says what another service published last. Periods are half-open.
A firm is on a list while the newest version that was seen of that list names it.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.events.credit import Classification
from shared.events.registry import InstitutionKind

NON_PERFORMING: frozenset[Classification] = frozenset({"substandard", "doubtful", "loss"})
"""次级 and below (商业银行金融资产风险分类办法)."""


@dataclass(frozen=True, slots=True)
class Firm:
    """An enterprise as it stood on one business date."""

    uscc: str
    categories: tuple[str, ...]
    lists: frozenset[str]


@dataclass(frozen=True, slots=True)
class KnownInstitution:
    """An institution of the directory and since when it may act."""

    code: str
    kind: InstitutionKind
    valid_from: date
    valid_to: date | None

    def acts_on(self, day: date) -> bool:
        """Tell whether its entry is valid on a business date."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLoan:
    """A loan that was drawn, as its bank reported it last."""

    loan_id: UUID
    uscc: str
    bank: str
    disbursed_on: date
    matures_on: date
    principal_outstanding_fen: int
    overdue_since: date | None = None
    classification: Classification | None = None
    classified_on: date | None = None
    closed_on: date | None = None

    @property
    def is_non_performing(self) -> bool:
        """Tell whether it is classified substandard (次级) or worse."""
        return self.classification in NON_PERFORMING
