"""What a run found."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Findings:
    """How often each invariant was seen to hold, and what did not."""

    held: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def check(self, invariant: str, holds: bool, what: str) -> None:  # noqa: FBT001 -- reads as an assertion
        """Count a check, or note a violation."""
        if holds:
            self.held[invariant] += 1
        else:
            self.violations.append(f"{invariant} {what}")
