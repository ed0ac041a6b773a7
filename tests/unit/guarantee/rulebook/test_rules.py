"""Rules of the rulebook: every state of a version × every command; whose it is; which days."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.guarantee.rulebook import rules
from services.guarantee.rulebook.rules import (
    Backdated,
    End,
    EndBeforeToday,
    ForeignPack,
    Standing,
    Version,
    VersionInOtherState,
    VersionNotFound,
    VersionsOverlap,
    VersionState,
    VersionTaken,
)
from shared.errors import FourEyes
from shared.rulepack.pack import Pack
from tests.support.packs import a_pack

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = date(2026, 3, 2)
MAKER, CHECKER, ORG = "maker", "checker", "fund-lyg"


def pack(version: int = 2, *, begins: str = "2026-04-01", ends: str | None = None) -> Pack:
    return a_pack(version=version, valid_from=begins, valid_to=ends)


def a_version(state: VersionState = VersionState.DRAFT) -> Version:
    drafted = rules.draft(pack(), "content", by=MAKER, org=ORG, now=NOW, newest=1)
    return replace(drafted, state=state)


def revise(before: Version, *, org: str = ORG) -> Version:
    return rules.revise(before, pack(), "other", by=CHECKER, org=org, now=NOW)


def withdraw(before: Version, *, org: str = ORG) -> Version:
    return rules.withdraw(before, org=org)


def activate(before: Version, *, org: str = ORG) -> Version:
    return rules.activate(before, by=CHECKER, org=org, now=NOW)


COMMANDS: list[tuple[Callable[..., Version], VersionState]] = [
    (revise, VersionState.DRAFT),
    (withdraw, VersionState.WITHDRAWN),
    (activate, VersionState.ACTIVE),
]


class TestStates:
    @pytest.mark.parametrize(("command", "after"), COMMANDS)
    def test_of_a_draft_change(self, command: Callable[..., Version], after: VersionState) -> None:
        assert command(a_version()).state is after

    @pytest.mark.parametrize("state", [VersionState.ACTIVE, VersionState.WITHDRAWN])
    @pytest.mark.parametrize("command", [command for command, _ in COMMANDS])
    def test_of_all_others_are_final(
        self, command: Callable[..., Version], state: VersionState
    ) -> None:
        with pytest.raises(VersionInOtherState, match=f"version 2 of two-parties is {state}, not"):
            command(a_version(state))

    @pytest.mark.parametrize("state", list(VersionState))
    @pytest.mark.parametrize("command", [command for command, _ in COMMANDS])
    def test_are_not_there_for_another_organisation(
        self, command: Callable[..., Version], state: VersionState
    ) -> None:
        with pytest.raises(VersionNotFound, match="no version 2 of two-parties"):
            command(a_version(state), org="fund-nfgf")


class TestDraft:
    def test_is_what_its_pack_says(self) -> None:
        found = a_version()

        assert (found.pack_id, found.number, found.content) == ("two-parties", 2, "content")
        assert (found.digest, found.valid_from, found.valid_to) == (
            pack().digest,
            date(2026, 4, 1),
            None,
        )
        assert (found.org, found.drafted_by, found.drafted_at) == (ORG, MAKER, NOW)
        assert (found.activated_by, found.activated_at, found.signature) == (None, None, None)

    @pytest.mark.parametrize("newest", [2, 3])
    def test_needs_a_new_number(self, newest: int) -> None:
        with pytest.raises(VersionTaken, match=f"the version must be above {newest}") as refused:
            rules.draft(pack(), "content", by=MAKER, org=ORG, now=NOW, newest=newest)

        [violation] = refused.value.violations
        assert (violation.code, violation.field) == ("version", "/version")
        assert (violation.limit, violation.actual) == (newest + 1, 2)
        assert violation.zh == f"版本号须大于 {newest}"

    def test_revised_is_the_revisers(self) -> None:
        assert (revise(a_version()).drafted_by, revise(a_version()).content) == (CHECKER, "other")

    @pytest.mark.parametrize(
        "other", [pack(3), a_pack(id="other", version=2, valid_from="2026-04-01")]
    )
    def test_cannot_become_another_version(self, other: Pack) -> None:
        with pytest.raises(VersionTaken, match=f"is of {other.id} version {other.version}$") as no:
            rules.revise(a_version(), other, "x", by=MAKER, org=ORG, now=NOW)

        [violation] = no.value.violations
        assert (violation.code, violation.field) == ("version", "/content")


class TestActivation:
    def test_says_who_and_when(self) -> None:
        found = activate(a_version())

        assert (found.activated_by, found.activated_at) == (CHECKER, NOW)

    def test_by_the_drafter_is_refused(self) -> None:
        with pytest.raises(FourEyes, match="version 2 of two-parties was drafted by the same"):
            rules.activate(a_version(), by=MAKER, org=ORG, now=NOW)

    def test_is_what_the_signature_is_over(self) -> None:
        found = activate(replace(a_version(), valid_to=date(2027, 1, 1)))

        text = found.statement.decode()
        for part in (found.digest, "2026-04-01", "2027-01-01", MAKER, CHECKER, NOW.isoformat()):
            assert part in text
        assert '"id":"two-parties"' in text
        assert '"valid_to":null' in activate(a_version()).statement.decode()
        assert '"activated_at":null' in a_version().statement.decode()


class TestOwner:
    @pytest.mark.parametrize("owner", [None, ORG])
    def test_may_change_its_pack_and_anybody_one_without_owner(self, owner: str | None) -> None:
        rules.require_owner("two-parties", owner, org=ORG)

    def test_is_named_to_others(self) -> None:
        with pytest.raises(ForeignPack, match=r"^two-parties is of fund-lyg$"):
            rules.require_owner("two-parties", ORG, org="fund-nfgf")


class TestPlace:
    def test_of_a_first_version_may_lie_in_the_past(self) -> None:
        assert rules.place(pack(1, begins="2020-01-01"), [], today=TODAY) is None

    def test_behind_one_without_end_supersedes_it(self) -> None:
        first = pack(1, begins="2026-01-01")

        assert rules.place(pack(), [Standing(first, None)], today=TODAY) == first

    def test_begins_today_at_the_earliest(self) -> None:
        others = [Standing(pack(1, begins="2026-01-01"), None)]
        assert rules.place(pack(begins="2026-03-02"), others, today=TODAY) is not None

        with pytest.raises(Backdated, match="must not begin before 2026-03-02") as refused:
            rules.place(pack(begins="2026-03-01"), others, today=TODAY)
        [violation] = refused.value.violations
        assert (violation.code, violation.field) == ("date", "/valid_from")
        assert (violation.limit, violation.actual) == ("2026-03-02", "2026-03-01")

    @pytest.mark.parametrize(
        ("begins", "ends", "end", "fits"),
        [
            ("2026-01-01", "2026-04-01", date(2026, 4, 1), True),
            ("2026-01-01", None, date(2026, 4, 2), False),
            ("2026-05-01", None, None, False),
            ("2026-04-01", None, None, False),
        ],
    )
    def test_shares_no_day_with_another(
        self, begins: str, ends: str | None, end: date | None, *, fits: bool
    ) -> None:
        others = [Standing(pack(1, begins=begins, ends=ends), end)]
        if fits:
            assert rules.place(pack(), others, today=TODAY) is None
            return

        with pytest.raises(VersionsOverlap, match=f"version 1, which begins on {begins}") as no:
            rules.place(pack(), others, today=TODAY)
        [violation] = no.value.violations
        assert (violation.code, violation.field) == ("overlap", "/valid_from")
        assert (violation.limit, violation.actual) == (begins, "2026-04-01")

    @pytest.mark.parametrize(("ends", "fits"), [("2026-05-01", True), ("2026-05-02", False)])
    def test_before_a_later_one_ends_when_that_begins(self, ends: str, *, fits: bool) -> None:
        others = [Standing(pack(3, begins="2026-05-01"), None)]
        if fits:
            assert rules.place(pack(ends=ends), others, today=TODAY) is None
        else:
            with pytest.raises(VersionsOverlap):
                rules.place(pack(ends=ends), others, today=TODAY)


class TestEnd:
    def end(self, on: date) -> End:
        return End("two-parties", 2, on, "retired", "reason", CHECKER)

    def test_comes_today_at_the_earliest(self) -> None:
        standing = Standing(pack(begins="2026-01-01"), None)

        assert rules.retire(standing, self.end(TODAY), today=TODAY) == self.end(TODAY)
        with pytest.raises(EndBeforeToday, match="must not end before 2026-03-02") as refused:
            rules.retire(standing, self.end(date(2026, 3, 1)), today=TODAY)
        [violation] = refused.value.violations
        assert (violation.code, violation.field) == ("date", "/ends_on")
        assert (violation.limit, violation.actual) == ("2026-03-02", "2026-03-01")

    def test_comes_not_before_the_version_begins(self) -> None:
        with pytest.raises(EndBeforeToday, match="must not end before 2026-04-01"):
            rules.retire(Standing(pack(), None), self.end(date(2026, 3, 31)), today=TODAY)

    def test_comes_once(self) -> None:
        standing = Standing(pack(), date(2026, 6, 1))

        with pytest.raises(VersionInOtherState, match="version 2 of two-parties has an end"):
            rules.retire(standing, self.end(date(2026, 7, 1)), today=TODAY)
