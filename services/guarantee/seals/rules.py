"""Seals of a fund's ledger: every posting's hash covers the posting and all before it.

Postings of one fund are booked under its row's lock, so their positions rise in the order of their
commits and nothing can appear between two that were read. A block seals the next stretch; its hash
is that of its last posting and is published, so that whoever keeps the event can tell later whether
the ledger was rewritten, its seals included.

    hash(0) = sha256("tongzhou fund ledger v1 " + fund)
    hash(n) = sha256(hash(n-1) + canonical JSON of posting n with its entries)
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.guarantee.fund.rules import Posting
from shared.errors import Conflict, NotFound
from shared.events.guarantee_fund import FundLedgerSealed
from shared.rulepack.digest import canonical_json

BLOCK_POSTINGS = 1000
"""The most postings that one block seals."""

_WORDS = {
    "altered": ("凭证或其分录与封存时不同", "the posting or an entry is not what was sealed"),
    "missing": ("已封存的凭证不存在", "a sealed posting is not in the ledger"),
    "inserted": ("已封存区段内出现未封存的凭证", "a posting stands unsealed among sealed ones"),
    "block": ("区块哈希与其末条凭证不符", "the block's hash is not that of its last posting"),
}
Fault = Literal["altered", "missing", "inserted", "block"]


class BlockNotFound(NotFound):
    """The fund's ledger has no such block."""

    code = "ledger-block-not-found"
    title_zh = "未找到账本区块"
    title_en = "Ledger block not found"


class LedgerBroken(Conflict):
    """A sealed ledger is not what was sealed."""

    code = "ledger-broken"
    title_zh = "账本与封存不符"
    title_en = "The ledger is not what was sealed"
    action_zh = "请停止记账，对照备份与已发布的封存事件查明改动。"
    action_en = "Stop booking; find the change against a backup and the published seals."


@dataclass(frozen=True, slots=True)
class Recorded:
    """A posting as the ledger has it."""

    position: int
    recorded_at: datetime
    posting: Posting


@dataclass(frozen=True, slots=True)
class Seal:
    """The hash over one posting and all before it, 32 bytes."""

    position: int
    posting_id: UUID
    hash: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of postings that was sealed at once; ``hash`` is that of its last one."""

    fund: str
    number: int
    first_position: int
    last_position: int
    postings: int
    hash: bytes
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a ledger is not what was sealed."""

    position: int
    posting_id: UUID
    fault: Fault
    zh: str
    en: str


def genesis(fund: str) -> bytes:
    """Return what the first posting of a fund is chained to."""
    return hashlib.sha256(f"tongzhou fund ledger v1 {fund}".encode()).digest()


def chain(previous: bytes, recorded: Sequence[Recorded]) -> tuple[Seal, ...]:
    """Hash each posting onto the one before it."""
    seals = []
    for one in recorded:
        previous = hashlib.sha256(previous + _canonical(one)).digest()
        seals.append(Seal(one.position, one.posting.posting_id, previous))
    return tuple(seals)


def block_of(fund: str, last: Block | None, seals: Sequence[Seal], *, at: datetime) -> Block:
    """Make the block of a stretch that follows on ``last``; ``seals`` is not empty."""
    return Block(
        fund=fund,
        number=1 if last is None else last.number + 1,
        first_position=seals[0].position,
        last_position=seals[-1].position,
        postings=len(seals),
        hash=seals[-1].hash,
        sealed_at=at,
    )


def sealed(block: Block) -> FundLedgerSealed:
    """Tell everybody who keeps events what the ledger was."""
    return FundLedgerSealed(
        fund=block.fund,
        block=block.number,
        postings=block.postings,
        last_position=block.last_position,
        sha256=block.hash.hex(),
    )


def first_break(
    previous: bytes, block: Block, recorded: Sequence[Recorded], seals: Sequence[Seal]
) -> Break | None:
    """Hold one block's stretch of the ledger against its seals; None where it is whole.

    ``previous`` is the hash of the block before; ``recorded`` are the postings that stand in the
    ledger after that block's last position and up to this one's.
    """
    fresh = {seal.position: seal for seal in chain(previous, recorded)}
    kept = {seal.position: seal for seal in seals}
    for position in sorted(fresh.keys() | kept.keys()):
        if position not in kept:
            return _break(position, fresh[position].posting_id, "inserted")
        if position not in fresh:
            return _break(position, kept[position].posting_id, "missing")
        if fresh[position] != kept[position]:
            return _break(position, kept[position].posting_id, "altered")
    last = kept.get(block.last_position)
    if last is None or last.hash != block.hash or len(kept) != block.postings:
        found = UUID(int=0) if last is None else last.posting_id
        return _break(block.last_position, found, "block")
    return None


def broken(block: Block, found: Break) -> LedgerBroken:
    """Say where a ledger is broken."""
    return LedgerBroken(
        f"fund {block.fund}, block {block.number}, position {found.position}, "
        f"posting {found.posting_id}: {found.en}"
    )


def _break(position: int, posting_id: UUID, fault: Fault) -> Break:
    zh, en = _WORDS[fault]
    return Break(position, posting_id, fault, zh, en)


def _canonical(one: Recorded) -> bytes:
    posting = one.posting
    return canonical_json(
        {
            "position": one.position,
            "posting_id": str(posting.posting_id),
            "fund": posting.fund,
            "kind": posting.kind.value,
            "cause_id": str(posting.cause_id),
            "reverses": None if posting.reverses is None else str(posting.reverses),
            "booked_on": posting.booked_on.isoformat(),
            "valued_on": posting.value_date.isoformat(),
            "recorded_at": one.recorded_at.isoformat(),
            "note": posting.note,
            "entries": [[e.account.value, e.debit_fen, e.credit_fen] for e in posting.entries],
        }
    )
