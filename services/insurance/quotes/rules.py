"""What a claim costs each co-insurer, and what its reinsurer takes over (分出).

Source: 保险法 art. 29 (reinsurance neither delays nor lowers the cedant's duty). The claim is one
conserving split by share; a cession is a portion of the insurer's own part, a single amount, half
up.

Example: 1,000,000.01 yuan at 40/30/20/10 % is 400,000.01 / 300,000 / 200,000 / 100,000; the first
cedes 30 %, so 120,000.00 come back and 280,000.01 stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.insurance.policies.rules import SharesRefused, share_premium
from shared.errors import Violation
from shared.money import Money, Rate, Rounding


@dataclass(frozen=True, slots=True)
class CededLeg:
    """One insurer's part of a claim, and how much of it the reinsurer takes over."""

    insurer: str
    gross_fen: int
    ceded_fen: int


def split_claim(
    claim_fen: int, shares: Sequence[tuple[str, int]], cessions: Mapping[str, int]
) -> list[CededLeg]:
    """Split a claim; raises :class:`SharesRefused`, also for a cession of nobody's part."""
    unknown = [name for name in cessions if name not in dict(shares)]
    if unknown:
        raise SharesRefused(
            "a cession names an insurer without a share",
            violations=tuple(
                Violation("cession", "分出方不在共保成员中", "no such share", f"/cessions/{name}")
                for name in unknown
            ),
        )
    parts = share_premium(Money(claim_fen), shares, field="/shares")
    return [
        CededLeg(
            part.insurer,
            part.premium_fen,
            Rate(cessions.get(part.insurer, 0)).of(Money(part.premium_fen), Rounding.HALF_UP).fen,
        )
        for part in parts
    ]
