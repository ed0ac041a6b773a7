"""What a consumer does with an error: the total map of error kinds for the messaging edge."""

from enum import Enum

from shared.db.database import CONTENDED, LOST_CONNECTION, OVERLOADED
from shared.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Malformed,
    NotFound,
    RuleViolation,
    Transient,
)


class Verdict(Enum):
    """Retry in place, in order; or park the event with its key and go on with other keys."""

    RETRY = "retry"
    PARK = "park"


KINDS: dict[type[DomainError], Verdict] = {
    Transient: Verdict.RETRY,
    NotFound: Verdict.PARK,
    Conflict: Verdict.PARK,
    RuleViolation: Verdict.PARK,
    Malformed: Verdict.PARK,
    Forbidden: Verdict.PARK,
}

_PASSING = (*LOST_CONNECTION, *CONTENDED, *OVERLOADED)


def verdict_of(error: BaseException) -> Verdict:
    """Decide by the error's kind; what nobody foresaw parks, so that other keys still flow."""
    for kind, verdict in KINDS.items():
        if isinstance(error, kind):
            return verdict
    return Verdict.RETRY if isinstance(error, _PASSING) else Verdict.PARK
