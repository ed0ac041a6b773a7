"""Seals: any change of a sealed stretch is found, and the first one is named."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.guarantee.fund.rules import Account, Entry, Posting, PostingKind
from services.guarantee.seals import rules
from services.guarantee.seals.rules import Block, Recorded, Seal

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
FUND = "fund-lyg"


def a_posting(number: int) -> Recorded:
    posting = Posting(
        posting_id=UUID(int=number),
        fund=FUND,
        kind=PostingKind.CAPITAL_PAID_IN,
        cause_id=UUID(int=100 + number),
        booked_on=date(2026, 3, 2),
        entries=(Entry(Account.CASH, number), Entry(Account.CAPITAL, credit_fen=number)),
        note="示例",
    )
    return Recorded(10 * number, AT, posting)


LEDGER = tuple(a_posting(number) for number in (1, 2, 3))
GENESIS = rules.genesis(FUND)
SEALS = rules.chain(GENESIS, LEDGER)
BLOCK = rules.block_of(FUND, None, SEALS, at=AT)


def with_second(**changes: object) -> tuple[Recorded, ...]:
    posting = replace(LEDGER[1].posting, **changes)  # type: ignore[arg-type] # the case names it
    return (LEDGER[0], replace(LEDGER[1], posting=posting), LEDGER[2])


CHANGED: dict[str, tuple[Recorded, ...]] = {
    "note": with_second(note="示范"),
    "kind": with_second(kind=PostingKind.LEG_PAID),
    "cause": with_second(cause_id=UUID(int=7)),
    "booked": with_second(booked_on=date(2026, 3, 3)),
    "valued": with_second(valued_on=date(2026, 3, 1)),
    "reverses": with_second(reverses=UUID(int=1)),
    "amount": with_second(entries=(Entry(Account.CASH, 9), Entry(Account.CAPITAL, 0, 9))),
    "account": with_second(entries=(Entry(Account.RESERVED, 2), Entry(Account.CAPITAL, 0, 2))),
    "order of lines": with_second(entries=tuple(reversed(LEDGER[1].posting.entries))),
    "moment": (
        LEDGER[0],
        replace(LEDGER[1], recorded_at=AT + timedelta(microseconds=1)),
        LEDGER[2],
    ),
}


class TestFirstBreak:
    def test_is_none_where_all_is_as_it_was_sealed(self) -> None:
        assert rules.first_break(GENESIS, BLOCK, LEDGER, SEALS) is None

    @pytest.mark.parametrize("what", sorted(CHANGED))
    def test_names_the_posting_that_was_altered(self, what: str) -> None:
        found = rules.first_break(GENESIS, BLOCK, CHANGED[what], SEALS)

        assert found is not None
        assert (found.position, found.posting_id, found.fault) == (20, UUID(int=2), "altered")

    def test_names_the_posting_that_is_gone(self) -> None:
        found = rules.first_break(GENESIS, BLOCK, (LEDGER[0], LEDGER[2]), SEALS)

        assert found is not None
        assert (found.position, found.fault) == (20, "missing")

    def test_names_the_posting_that_was_slipped_in(self) -> None:
        slipped = replace(a_posting(4), position=15)
        ledger = (LEDGER[0], slipped, *LEDGER[1:])

        found = rules.first_break(GENESIS, BLOCK, ledger, SEALS)

        assert found is not None
        assert (found.position, found.posting_id, found.fault) == (15, UUID(int=4), "inserted")

    @pytest.mark.parametrize(
        "forge",
        [
            lambda block, seals: (replace(block, hash=bytes(32)), seals),
            lambda block, seals: (replace(block, postings=2), seals),
            lambda block, seals: (replace(block, last_position=31), seals),
        ],
        ids=["hash", "count", "last"],
    )
    def test_holds_the_block_against_its_seals(
        self, forge: Callable[[Block, tuple[Seal, ...]], tuple[Block, tuple[Seal, ...]]]
    ) -> None:
        block, seals = forge(BLOCK, SEALS)

        found = rules.first_break(GENESIS, block, LEDGER, seals)

        assert found is not None
        assert found.fault == "block"

    def test_of_a_stretch_depends_on_all_before_it(self) -> None:
        found = rules.first_break(rules.genesis("fund-other"), BLOCK, LEDGER, SEALS)

        assert found is not None
        assert (found.position, found.fault) == (10, "altered")


class TestChain:
    def test_does_not_depend_on_where_blocks_end(self) -> None:
        first = rules.chain(GENESIS, LEDGER[:1])

        rest = rules.chain(first[-1].hash, LEDGER[1:])

        assert (*first, *rest) == SEALS

    def test_is_the_published_form(self) -> None:
        """Whoever kept the events recomputes it from the ledger as documented: keep it."""
        text = (
            '{"booked_on":"2026-03-02","cause_id":"00000000-0000-0000-0000-000000000065",'
            '"entries":[["cash",1,0],["capital",0,1]],"fund":"fund-lyg","kind":"capital_paid_in",'
            '"note":"示例","position":10,"posting_id":"00000000-0000-0000-0000-000000000001",'
            '"recorded_at":"2026-03-02T01:00:00+00:00","reverses":null,"valued_on":"2026-03-02"}'
        )
        genesis = hashlib.sha256(b"tongzhou fund ledger v1 fund-lyg").digest()

        assert SEALS[0].hash == hashlib.sha256(genesis + text.encode()).digest()

    def test_follows_on_in_blocks(self) -> None:
        following = rules.block_of(FUND, BLOCK, rules.chain(BLOCK.hash, [a_posting(4)]), at=AT)

        assert (following.number, following.first_position, following.postings) == (2, 40, 1)
