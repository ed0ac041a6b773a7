"""Values inside events of guarantee: what one party bears, what it gets back."""

from shared.events.envelope import Part
from shared.events.fields import Fen, OrgCode, Ppm, Word


class Leg(Part):
    """What one party bears of a loss: its share, before and after caps, and overflow received."""

    party: Word
    org: OrgCode
    share_ppm: Ppm
    base_fen: Fen
    capped_fen: Fen
    overflow_fen: Fen
    amount_fen: Fen


class Allocation(Part):
    """What one party receives of a recovery."""

    party: Word
    org: OrgCode
    amount_fen: Fen
