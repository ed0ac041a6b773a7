"""Events that guarantee publishes of its funds: what the ledger posts."""

from typing import ClassVar

from shared.events.envelope import Event
from shared.events.fields import Count, Digest, Fen, Id, OrgCode, Position, Text


class FundCapitalPaidIn(Event):
    """Capital was paid into a fund."""

    TYPE: ClassVar[str] = "guarantee.fund.capital_paid_in.v1"
    SUBJECT: ClassVar[str] = "fund"

    fund: OrgCode
    posting_id: Id
    amount_fen: Fen
    contributor: Text


class FundCapitalReturned(Event):
    """Capital went back to who had paid it in."""

    TYPE: ClassVar[str] = "guarantee.fund.capital_returned.v1"
    SUBJECT: ClassVar[str] = "fund"

    fund: OrgCode
    posting_id: Id
    amount_fen: Fen
    contributor: Text


class FundCommitmentReserved(Event):
    """A part of the fund's capacity was set aside for a guarantee."""

    TYPE: ClassVar[str] = "guarantee.fund.commitment_reserved.v1"
    SUBJECT: ClassVar[str] = "fund"

    fund: OrgCode
    posting_id: Id
    guarantee_id: Id
    amount_fen: Fen


class FundCommitmentReleased(Event):
    """Capacity that was set aside is free again."""

    TYPE: ClassVar[str] = "guarantee.fund.commitment_released.v1"
    SUBJECT: ClassVar[str] = "fund"

    fund: OrgCode
    posting_id: Id
    guarantee_id: Id
    amount_fen: Fen


class FundDebited(Event):
    """The fund paid its leg of a loss."""

    TYPE: ClassVar[str] = "guarantee.fund.debited.v1"
    SUBJECT: ClassVar[str] = "fund"

    fund: OrgCode
    posting_id: Id
    claim_id: Id
    amount_fen: Fen


class FundCredited(Event):
    """The fund received its part of a recovery."""

    TYPE: ClassVar[str] = "guarantee.fund.credited.v1"
    SUBJECT: ClassVar[str] = "fund"

    fund: OrgCode
    posting_id: Id
    claim_id: Id
    amount_fen: Fen


class FundClaimReserved(Event):
    """Cash was set aside for an approved leg of a loss."""

    TYPE: ClassVar[str] = "guarantee.fund.claim_reserved.v1"
    SUBJECT: ClassVar[str] = "fund"

    fund: OrgCode
    posting_id: Id
    claim_id: Id
    amount_fen: Fen


class FundPostingReversed(Event):
    """A wrong payment of capital was corrected by its mirror image (冲正)."""

    TYPE: ClassVar[str] = "guarantee.fund.posting_reversed.v1"
    SUBJECT: ClassVar[str] = "fund"

    fund: OrgCode
    posting_id: Id
    reverses: Id
    amount_fen: Fen
    reason: Text


class FundLedgerSealed(Event):
    """The next block of a fund's ledger was sealed; ``sha256`` covers it and all before it."""

    TYPE: ClassVar[str] = "guarantee.fund.ledger_sealed.v1"
    SUBJECT: ClassVar[str] = "fund"

    fund: OrgCode
    block: Count
    postings: Count
    last_position: Position
    sha256: Digest
