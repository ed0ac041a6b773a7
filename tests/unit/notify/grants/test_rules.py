"""Who may ask for what, who grants it, for how long, and when it ends."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.catalogue.rules import FEEDS, cleared, feed_of
from services.notify.grants.rules import (
    CONSENT_PURPOSES,
    LONGEST_DAYS,
    FieldsNotCleared,
    FieldsNotInFeed,
    Grant,
    GrantOverlaps,
    GrantPeriodInvalid,
    InstitutionUnknown,
    LegalBasisInvalid,
    OwnRequest,
    ScopeNotOfFeed,
    State,
    Subscription,
    WrongState,
    approve,
    request,
    revoke,
)
from shared.events.notify import GrantIssued
from shared.events.registry import InstitutionKind
from tests.support.city import FIRM, OTHER_FIRM
from tests.support.readers import BANK, FEED, FROM, TO, TODAY, a_grant, a_request, a_subscription

A_DAY = timedelta(days=1)
RISKS = feed_of("loan-risks")
KINDS: tuple[InstitutionKind, ...] = ("bank", "insurer", "guarantor", "fund", "platform")


def ask(kind: InstitutionKind | None = "bank", **changes: Any) -> Subscription:  # noqa: ANN401 - any field of it
    """Ask as an institution of a kind."""
    asked = a_request(**changes)
    return request(asked, feed=feed_of(asked.feed), kind=kind)[0]


def decide(
    grant: Grant | None = None,
    *,
    of: Subscription | None = None,
    kind: InstitutionKind | None = "bank",
    by: str = "operator",
    others: tuple[Grant, ...] = (),
) -> tuple[Subscription, GrantIssued]:
    """Approve a request as the operator."""
    asked = of or a_request()
    return approve(
        asked,
        grant or a_grant(),
        feed=feed_of(asked.feed),
        kind=kind,
        approver_org=by,
        others=others,
        today=TODAY,
    )


class TestRequest:
    def test_tells_who_asks_for_what_and_why(self) -> None:
        asked, event = request(a_request(), feed=feed_of(FEED), kind="bank")

        assert asked == a_request()
        assert event.model_dump() == {
            "subscription_id": asked.id,
            "subscriber": BANK,
            "feed": FEED,
            "legal_basis": "consent",
            "purpose": "credit_assessment",
        }

    def test_needs_an_institution_of_the_directory(self) -> None:
        with pytest.raises(InstitutionUnknown):
            ask(kind=None)

    def test_names_each_field_that_the_feed_has_not(self) -> None:
        with pytest.raises(FieldsNotInFeed) as refused:
            ask(wanted=("uscc", "tax_grade", "category", "x"))

        assert [v.field for v in refused.value.violations] == ["/fields/1", "/fields/3"]

    def test_names_each_field_above_the_clearance(self) -> None:
        with pytest.raises(FieldsNotCleared) as refused:
            ask(feed="loan-risks", wanted=("uscc", "bank", "days_overdue"))

        assert [v.field for v in refused.value.violations] == ["/fields/1", "/fields/2"]
        assert {v.actual for v in refused.value.violations} == {"confidential"}

    @pytest.mark.parametrize("kind", KINDS)
    def test_by_duty_is_a_departments(self, kind: InstitutionKind) -> None:
        with pytest.raises(LegalBasisInvalid) as refused:
            ask(kind=kind, legal_basis="duty")

        assert [v.field for v in refused.value.violations] == ["/legal_basis"]
        assert ask(kind="department", legal_basis="duty", purpose="税收征管").legal_basis == "duty"

    @pytest.mark.parametrize("purpose", CONSENT_PURPOSES)
    def test_on_consent_is_for_a_purpose_that_one_can_consent_to(self, purpose: str) -> None:
        assert ask(purpose=purpose).purpose == purpose

    @pytest.mark.parametrize("kind", ["bank", "department"])
    def test_on_consent_is_for_no_other_purpose(self, kind: InstitutionKind) -> None:
        with pytest.raises(LegalBasisInvalid) as refused:
            ask(kind=kind, purpose="marketing")

        assert [v.field for v in refused.value.violations] == ["/purpose"]


class TestApproval:
    def test_makes_the_subscription_active_and_tells_what_was_granted(self) -> None:
        granted = a_grant(fields=("uscc", "category"))

        active, event = decide(granted)

        assert (active.state, active.grant) == (State.ACTIVE, granted)
        assert event.fields == ("uscc", "category")
        assert (event.valid_from, event.valid_to) == (FROM, TO)
        assert (event.subscriber, event.approved_by) == (BANK, "operator")

    def test_is_not_the_subscribers_own(self) -> None:
        with pytest.raises(OwnRequest):
            decide(by=BANK)

    @pytest.mark.parametrize("state", [State.ACTIVE, State.REVOKED])
    def test_happens_once(self, state: State) -> None:
        with pytest.raises(WrongState):
            decide(of=a_request(state=state))

    def test_names_each_field_that_was_not_asked_for(self) -> None:
        with pytest.raises(FieldsNotInFeed) as refused:
            decide(a_grant(fields=("uscc", "certificate_no")))

        assert [v.field for v in refused.value.violations] == ["/fields/1"]

    def test_holds_the_directory_of_today_against_the_request(self) -> None:
        by_duty = a_request(legal_basis="duty", purpose="税收征管")
        risks = a_request(feed="loan-risks", wanted=("uscc", "bank"))

        with pytest.raises(InstitutionUnknown):
            decide(kind=None)
        with pytest.raises(LegalBasisInvalid):
            decide(of=by_duty, kind="bank")
        with pytest.raises(FieldsNotCleared):
            decide(a_grant(fields=("bank",)), of=risks, kind="bank")

    @pytest.mark.parametrize(
        ("valid_from", "valid_to"),
        [
            (FROM, FROM),
            (FROM, FROM - A_DAY),
            (date(2026, 1, 1), TODAY),
            (FROM, FROM + (LONGEST_DAYS + 1) * A_DAY),
            (date(1, 1, 1), date(9999, 12, 31)),
        ],
        ids=["empty", "backwards", "over", "too long", "for ever"],
    )
    def test_refuses_a_period_that_cannot_be_granted(
        self, valid_from: date, valid_to: date
    ) -> None:
        with pytest.raises(GrantPeriodInvalid) as refused:
            decide(a_grant(valid_from=valid_from, valid_to=valid_to))

        assert [v.field for v in refused.value.violations] == ["/valid_to"]

    @pytest.mark.parametrize(
        ("valid_from", "valid_to"),
        [(TODAY, TODAY + A_DAY), (FROM, FROM + LONGEST_DAYS * A_DAY), (TO, TO + A_DAY)],
        ids=["one day", "the longest", "later"],
    )
    def test_takes_a_period_up_to_its_bounds(self, valid_from: date, valid_to: date) -> None:
        granted = a_grant(valid_from=valid_from, valid_to=valid_to)

        assert decide(granted)[0].grant == granted

    @pytest.mark.parametrize(
        ("others", "overlaps"),
        [
            ([(FROM - A_DAY, FROM)], False),
            ([(TO, TO + A_DAY)], False),
            ([(FROM - A_DAY, FROM + A_DAY)], True),
            ([(TO - A_DAY, TO + A_DAY)], True),
            ([(FROM + A_DAY, TO - A_DAY)], True),
            ([(TO, TO + A_DAY), (FROM, TO)], True),
        ],
    )
    def test_leaves_one_grant_for_each_day(
        self, others: list[tuple[date, date]], *, overlaps: bool
    ) -> None:
        held = tuple(a_grant(valid_from=first, valid_to=end) for first, end in others)

        if overlaps:
            with pytest.raises(GrantOverlaps):
                decide(others=held)
        else:
            assert decide(others=held)[0].state is State.ACTIVE


class TestScope:
    @pytest.mark.parametrize(
        ("enterprises", "uscc", "covered"),
        [
            (None, FIRM, True),
            (None, None, True),
            (frozenset({FIRM}), FIRM, True),
            (frozenset({FIRM}), OTHER_FIRM, False),
            (frozenset({FIRM}), None, False),
        ],
    )
    def test_is_every_enterprise_or_those_that_it_names(
        self, enterprises: frozenset[str] | None, uscc: str | None, *, covered: bool
    ) -> None:
        assert a_grant(enterprises=enterprises).covers(uscc) is covered

    def test_is_told_in_order(self) -> None:
        granted = a_grant(enterprises=frozenset({OTHER_FIRM, FIRM}))

        assert decide(granted)[1].enterprises == (FIRM, OTHER_FIRM)
        assert decide()[1].enterprises is None

    def test_is_only_of_a_feed_about_enterprises(self) -> None:
        programmes = a_request(feed="guarantee-programmes", wanted=("programme", "bank"))
        scoped = a_grant(fields=("bank",), enterprises=frozenset({FIRM}))

        with pytest.raises(ScopeNotOfFeed) as refused:
            decide(scoped, of=programmes)

        assert [v.field for v in refused.value.violations] == ["/enterprises"]


days = st.integers(0, 31).map(lambda place: date(2026, 1, 1) + place * A_DAY)
periods = st.tuples(days, days).filter(lambda pair: pair[0] < pair[1])


class TestOverlap:
    @given(periods, periods)
    def test_is_a_day_that_both_have(
        self, one: tuple[date, date], other: tuple[date, date]
    ) -> None:
        first, second = (a_grant(valid_from=a, valid_to=b) for a, b in (one, other))
        common = [
            day
            for place in range(32)
            if one[0] <= (day := date(2026, 1, 1) + place * A_DAY) < one[1]
            and other[0] <= day < other[1]
        ]

        assert first.overlaps(second) is second.overlaps(first) is bool(common)


class TestInForce:
    @pytest.mark.parametrize(
        ("day", "granted"),
        [(FROM - A_DAY, False), (FROM, True), (TO - A_DAY, True), (TO, False)],
    )
    def test_from_the_first_day_to_the_one_before_the_last(
        self, day: date, *, granted: bool
    ) -> None:
        assert a_subscription().granted_on(day) == (a_grant() if granted else None)

    @pytest.mark.parametrize("state", [State.REQUESTED, State.REVOKED])
    def test_only_while_active(self, state: State) -> None:
        assert a_subscription(state=state).granted_on(TODAY) is None
        assert a_subscription(grant=None).granted_on(TODAY) is None


class TestRevocation:
    def test_ends_the_grant_and_says_why(self) -> None:
        revoked, event = revoke(a_subscription(), reason="用途终止")

        assert (revoked.state, revoked.revoked_because) == (State.REVOKED, "用途终止")
        assert revoked.granted_on(TODAY) is None
        assert (event.subscription_id, event.reason) == (revoked.id, "用途终止")

    @pytest.mark.parametrize("state", [State.REQUESTED, State.REVOKED])
    def test_needs_a_grant_that_is_active(self, state: State) -> None:
        with pytest.raises(WrongState):
            revoke(a_subscription(state=state), reason="x")


class TestClearanceOfWhatIsGranted:
    @given(st.data())
    def test_never_names_a_field_above_it(self, data: st.DataObject) -> None:
        feed = data.draw(st.sampled_from(FEEDS))
        kind = data.draw(st.sampled_from(KINDS))
        names = tuple(data.draw(st.sets(st.sampled_from(feed.names), min_size=1)))
        above = [name for name in names if (f := feed.field(name)) and not cleared(kind, f)]

        if above:
            with pytest.raises(FieldsNotCleared):
                ask(kind=kind, feed=feed.code, wanted=names)
        else:
            assert ask(kind=kind, feed=feed.code, wanted=names).wanted == names
