"""Rules of the reconciliations: three sets of books beside the platform's, row by row."""

import hashlib
from datetime import date
from uuid import UUID

import pytest

from services.guarantee.reconciliations import rules
from services.guarantee.reconciliations.rules import (
    Case,
    DayNotBegun,
    Key,
    KindSum,
    Movement,
    MovementKind,
    Result,
    Role,
    Stated,
)

CASE = Case(UUID(int=1), "bank", "guarantor", "fund")
KEY = Key(MovementKind.PAID, UUID(int=2), "nfgf")
OTHER = Key(MovementKind.EFFECTIVE, UUID(int=1), "")
ALL = frozenset({"bank", "guarantor", "fund"})
GOOD = {"kind": "paid", "subject_id": str(UUID(int=2)), "party": "nfgf", "amount_fen": "7"}


def stated(**fen_by_org: int) -> list[Stated]:
    return [Stated(KEY, fen, CASE, org) for org, fen in fen_by_org.items()]


class TestMatch:
    def test_of_equal_books_is_matched(self) -> None:
        [found] = rules.match(
            [Movement(KEY, 7, CASE)], stated(bank=7, guarantor=7, fund=7), who_stated=ALL
        )

        assert (found.key, found.case, found.result, found.roles) == (
            KEY,
            CASE,
            Result.MATCHED,
            (),
        )
        assert (found.platform_fen, found.fen_by_role) == (7, dict.fromkeys(Role, 7))

    @pytest.mark.parametrize(
        ("books", "roles"),
        [
            ({"bank": 6, "guarantor": 7, "fund": 7}, (Role.BANK,)),
            ({"bank": 7, "guarantor": 8, "fund": 0}, (Role.GUARANTOR, Role.FUND)),
            ({"bank": 7, "guarantor": 7}, (Role.FUND,)),
        ],
    )
    def test_names_who_says_otherwise(self, books: dict[str, int], roles: tuple[Role, ...]) -> None:
        [found] = rules.match([Movement(KEY, 7, CASE)], stated(**books), who_stated=ALL)

        assert (found.result, found.roles) == (Result.DIFFERS, roles)

    def test_waits_for_who_has_said_nothing(self) -> None:
        [found] = rules.match(
            [Movement(KEY, 7, CASE)], stated(bank=7), who_stated=frozenset({"bank"})
        )

        assert (found.result, found.roles) == (Result.AWAITED, (Role.GUARANTOR, Role.FUND))
        assert found.fen_by_role == {Role.BANK: 7, Role.GUARANTOR: None, Role.FUND: None}

    def test_tells_a_difference_before_it_waits(self) -> None:
        [found] = rules.match(
            [Movement(KEY, 7, CASE)], stated(bank=8), who_stated=frozenset({"bank"})
        )

        assert (found.result, found.roles) == (Result.DIFFERS, (Role.BANK,))

    def test_tells_a_row_that_only_somebody_has(self) -> None:
        [found] = rules.match([], stated(bank=7), who_stated=ALL)

        assert (found.platform_fen, found.result, found.roles) == (
            None,
            Result.DIFFERS,
            (Role.BANK,),
        )

    def test_is_in_the_order_of_kind_and_subject(self) -> None:
        movements = [Movement(KEY, 7, CASE), Movement(OTHER, 9, CASE)]

        found = rules.match(movements, [], who_stated=frozenset())

        assert [row.key for row in found] == [OTHER, KEY]
        assert rules.counts_of(found) == {
            Result.MATCHED: 0,
            Result.DIFFERS: 0,
            Result.AWAITED: 2,
        }


class TestDay:
    def test_sums_every_kind(self) -> None:
        rows = [Movement(KEY, 7, CASE), Movement(Key(KEY.kind, KEY.subject_id, "bank"), 5, CASE)]

        found = {each.kind: each for each in rules.sums_of(rows)}

        assert list(found) == list(MovementKind)
        assert found[MovementKind.PAID] == KindSum(MovementKind.PAID, 2, 12)
        assert found[MovementKind.RELEASED] == KindSum(MovementKind.RELEASED, 0, 0)

    def test_digest_is_over_sorted_lines(self) -> None:
        lines = [f"effective,{UUID(int=1)},,9\n", f"paid,{UUID(int=2)},nfgf,7\n"]
        expected = hashlib.sha256("".join(lines).encode()).hexdigest()

        assert rules.digest_of([Movement(KEY, 7, CASE), Movement(OTHER, 9, CASE)]) == expected
        assert rules.digest_of([]) == hashlib.sha256(b"").hexdigest()

    def test_ahead_has_not_begun(self) -> None:
        rules.require_begun(date(2026, 3, 2), today=date(2026, 3, 2))

        with pytest.raises(DayNotBegun, match="2026-03-03 is after 2026-03-02"):
            rules.require_begun(date(2026, 3, 3), today=date(2026, 3, 2))


class TestCase:
    def test_concerns_who_keeps_its_books(self) -> None:
        assert [CASE.org(role) for role in Role] == ["bank", "guarantor", "fund"]
        assert all(CASE.concerns(org) for org in ALL)
        assert not CASE.concerns("stranger")


class TestRow:
    def test_is_read(self) -> None:
        assert rules.parse_row({**GOOD, "party": " nfgf "}) == (KEY, 7)

    @pytest.mark.parametrize(
        ("column", "text", "en"),
        [
            ("kind", "paid?", "unknown kind"),
            ("subject_id", "x", "not an id"),
            ("party", "p" * 41, "the party's name is too long"),
            ("amount_fen", "1.5", "must be a whole number of fen, not below 0"),
            ("amount_fen", "-1", "must be a whole number of fen, not below 0"),
            ("amount_fen", "\u0661", "must be a whole number of fen, not below 0"),
            ("amount_fen", str(10**15 + 1), "must be a whole number of fen, not below 0"),
        ],
    )
    def test_says_what_is_wrong(self, column: str, text: str, en: str) -> None:
        found = rules.parse_row({**GOOD, column: text})

        assert isinstance(found, list)
        [violation] = found
        assert (violation.code, violation.field, violation.en) == ("cells", column, en)
        assert violation.actual == text[:40]

    @pytest.mark.parametrize(("column", "text"), [("party", "p" * 40), ("amount_fen", str(10**15))])
    def test_takes_the_longest_and_the_largest(self, column: str, text: str) -> None:
        assert isinstance(rules.parse_row({**GOOD, column: text}), tuple)

    def test_says_everything_at_once(self) -> None:
        found = rules.parse_row({"kind": "", "subject_id": "", "party": "", "amount_fen": ""})

        assert isinstance(found, list)
        assert [v.field for v in found] == ["kind", "subject_id", "amount_fen"]
        assert found[0].limit == "effective, released, claimed, paid, recovered"
        assert (found[1].limit, found[2].limit) == ("UUID", f"0 … {10**15}")

    def test_about_others_or_about_the_same_is_told_apart(self) -> None:
        assert (rules.stranger(UUID(int=2)).code, rules.stranger(UUID(int=2)).field) == (
            "unknown-subject",
            "subject_id",
        )
        assert rules.stranger(UUID(int=2)).actual == str(UUID(int=2))
        assert (rules.repeated().code, rules.repeated().field) == ("repeated", "subject_id")
