"""What an event becomes in a feed, and what a reader is shown of it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.catalogue.rules import FEEDS, STRICTNESS, Feed, feed_of
from services.notify.feeds.rules import (
    CursorOfAnotherFeed,
    Extent,
    PastRetention,
    RetentionNotOver,
    Shown,
    another_feeds_cursor,
    decide,
    draft,
    require_position,
    require_retention_over,
    snapshot_of,
)
from services.notify.grants.rules import State, Subscription
from services.notify.known.rules import KnownConsent
from shared.events.envelope import DataClass, Event
from shared.events.guarantee import BreakerTripped
from shared.events.insurance import SubsidyPaid
from tests.support.city import CONSENT, FIRM, OTHER_FIRM, a_profile, a_qualification, a_withdrawal
from tests.support.readers import (
    BANK,
    FEED,
    FROM,
    PURPOSE,
    TO,
    TODAY,
    a_grant,
    a_known_consent,
    a_subscription,
    an_entry,
    received,
)

A_DAY = timedelta(days=1)
QUALIFICATIONS = feed_of(FEED)


def look(
    event: Event,
    *,
    feed: Feed = QUALIFICATIONS,
    subscription: Subscription | None = None,
    consents: tuple[KnownConsent, ...] = (a_known_consent(),),
    today: date = TODAY,
) -> Shown | None:
    """Look at an event's entry as the bank does."""
    return decide(
        an_entry(event, feed=feed.code),
        feed=feed,
        subscription=subscription or a_subscription(),
        consents=consents,
        today=today,
    )


class TestDraft:
    def test_holds_the_catalogues_fields_and_nothing_else(self) -> None:
        made = draft(feed_of("enterprise-profiles"), received(a_profile()))

        assert made.data == {
            "uscc": FIRM,
            "tax_grade": "A",
            "staff": 60,
            "sales_fen": 2_000_000_000,
            "recorded_by": "dept-sw",
        }
        assert (made.uscc, made.subject, made.state_key) == (FIRM, FIRM, FIRM)

    def test_is_about_the_event_itself_where_it_names_no_enterprise(self) -> None:
        paid = SubsidyPaid.example()

        made = draft(feed_of("insurance-pilots"), received(paid))

        assert (made.uscc, made.subject) == (None, str(paid.subsidy_id))

    def test_is_about_the_programme_of_a_breaker(self) -> None:
        tripped = BreakerTripped.example()

        made = draft(feed_of("guarantee-programmes"), received(tripped))

        assert (made.uscc, made.subject) == (None, tripped.programme)
        assert made.state_key == f"{tripped.programme}\n{tripped.bank}"

    def test_of_two_states_of_one_thing_has_the_same_key(self) -> None:
        granted = draft(QUALIFICATIONS, received(a_qualification()))
        revoked = draft(QUALIFICATIONS, received(a_withdrawal()))

        assert granted.state_key == revoked.state_key

    @pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.code)
    def test_can_be_made_of_every_type_of_a_feed(self, feed: Feed) -> None:
        for kind in feed.types:
            made = draft(feed, received(kind.example()))

            assert set(made.data) == set(feed.fields_of(kind))
            assert made.type == kind.TYPE


class TestDecision:
    def test_shows_the_granted_fields_under_the_consent(self) -> None:
        shown = look(a_qualification())

        assert shown is not None
        assert shown.data == {"uscc": FIRM, "category": "hnte", "valid_to": "2028-01-01"}
        assert (shown.consent_id, shown.subject) == (CONSENT, FIRM)
        assert shown.data_class is DataClass.INTERNAL

    @pytest.mark.parametrize(
        "consents",
        [
            (),
            (a_known_consent(revoked_on=TODAY),),
            (a_known_consent(grantee="bank-ganyu"),),
            (a_known_consent(uscc=OTHER_FIRM),),
            (a_known_consent(purpose="monitoring"),),
            (a_known_consent(feeds=("enterprise-profiles",)),),
            (a_known_consent(valid_from=TODAY + A_DAY),),
            (a_known_consent(valid_to=TODAY),),
        ],
        ids=["none", "revoked", "grantee", "firm", "purpose", "feed", "not yet", "over"],
    )
    def test_shows_nothing_without_a_consent_that_holds(
        self, consents: tuple[KnownConsent, ...]
    ) -> None:
        assert look(a_qualification(), consents=consents) is None

    def test_finds_the_consent_that_holds_among_others(self) -> None:
        others = (a_known_consent(revoked_on=FROM), a_known_consent())

        assert look(a_qualification(), consents=others) is not None

    def test_needs_no_consent_by_duty(self) -> None:
        by_duty = a_subscription(legal_basis="duty", purpose="税收征管")

        shown = look(a_qualification(), subscription=by_duty, consents=())

        assert shown is not None
        assert shown.consent_id is None

    @pytest.mark.parametrize(
        ("changes", "today"),
        [
            ({}, FROM - A_DAY),
            ({}, TO),
            ({"state": State.REVOKED}, TODAY),
            ({"state": State.REQUESTED}, TODAY),
            ({"grant": None}, TODAY),
        ],
        ids=["before", "after", "revoked", "requested", "no grant"],
    )
    def test_shows_nothing_without_a_grant_in_force(
        self, changes: dict[str, Any], today: date
    ) -> None:
        long = (a_known_consent(valid_from=date(2020, 1, 1), valid_to=date(2030, 1, 1)),)
        subscription = a_subscription(**changes)

        assert (
            look(a_qualification(), subscription=subscription, consents=long, today=today) is None
        )

    def test_hides_the_subject_where_its_field_is_not_granted(self) -> None:
        shown = look(
            a_qualification(), subscription=a_subscription(grant=a_grant(fields=("category",)))
        )

        assert shown is not None
        assert (shown.data, shown.subject) == ({"category": "hnte"}, None)

    def test_shows_no_entry_of_which_only_the_enterprise_is_granted(self) -> None:
        lists = a_subscription(grant=a_grant(fields=("uscc", "list_code")))

        assert look(a_qualification(), subscription=lists) is None
        assert look(a_withdrawal(), subscription=lists) is None

    @pytest.mark.parametrize(
        ("fields", "data"),
        [
            (("uscc", "certificate_no"), {"uscc": FIRM}),
            (("certificate_no",), {}),
            (("uscc", "amended_by"), {"uscc": FIRM}),
            (("uscc", "category"), {"uscc": FIRM, "category": "hnte"}),
        ],
    )
    def test_shows_a_withdrawal_to_the_readers_of_what_it_withdraws(
        self, fields: tuple[str, ...], data: dict[str, str]
    ) -> None:
        reader = a_subscription(grant=a_grant(fields=fields))

        shown = look(a_withdrawal(), subscription=reader)

        assert shown is not None
        assert (shown.data, shown.data_class) == (data, DataClass.INTERNAL)

    def test_has_the_strictest_class_of_what_it_shows(self) -> None:
        profiles = feed_of("enterprise-profiles")
        for fields, strictest in ((("uscc", "recorded_by"), "internal"), (("staff",), "sensitive")):
            shown = look(
                a_profile(),
                feed=profiles,
                subscription=a_subscription(feed=profiles.code, grant=a_grant(fields=fields)),
                consents=(a_known_consent(feeds=(profiles.code,)),),
            )

            assert shown is not None
            assert shown.data_class == strictest


# Most of what is drawn holds, so that most readings show something and a missing check is seen.
todays = st.sampled_from([TODAY, TODAY, TODAY + A_DAY])
firsts = st.sampled_from([FROM, FROM, TODAY, TODAY + A_DAY])
ends = st.sampled_from([TO, TO, TODAY + A_DAY, TODAY])
usccs = st.sampled_from([FIRM, OTHER_FIRM])
ENTRIES = [
    (feed, an_entry(kind.example(), feed=feed.code)) for feed in FEEDS for kind in feed.types
]
entries = st.sampled_from(ENTRIES)
bases = st.sampled_from(["duty", "consent", "consent"])
states = st.sampled_from([State.ACTIVE, State.ACTIVE, State.ACTIVE, *State])
scopes = st.sampled_from([None, None, frozenset({FIRM}), frozenset({OTHER_FIRM})])
names_of = {feed.code: st.sets(st.sampled_from(feed.names), min_size=1) for feed in FEEDS}
consents_of = {
    feed.code: st.lists(
        st.builds(
            a_known_consent,
            uscc=usccs,
            grantee=st.sampled_from([BANK, BANK, "bank-ganyu"]),
            purpose=st.sampled_from([PURPOSE, PURPOSE, "monitoring"]),
            feeds=st.sampled_from([(feed.code,), (feed.code,), ("another-feed",)]),
            valid_from=firsts,
            valid_to=ends,
            revoked_on=st.sampled_from([None, None, TODAY]),
        ),
        max_size=2,
    )
    for feed in FEEDS
}


@st.composite
def readings(draw: st.DrawFn) -> dict[str, Any]:
    """Any event of any feed, any grant, any consents, on any day."""
    feed, entry = draw(entries)
    if entry.uscc is not None:
        uscc = draw(usccs)
        entry = replace(entry, uscc=uscc, subject=uscc, data={**entry.data, "uscc": uscc})
    grant = a_grant(
        fields=tuple(draw(names_of[feed.code])),
        valid_from=draw(firsts),
        valid_to=draw(ends),
        enterprises=draw(scopes),
    )
    subscription = a_subscription(
        feed=feed.code, legal_basis=draw(bases), state=draw(states), grant=grant
    )
    return {
        "entry": entry,
        "feed": feed,
        "subscription": subscription,
        "consents": draw(consents_of[feed.code]),
        "today": draw(todays),
    }


MANY = settings(max_examples=400)
"""A reading shows something only where a dozen independent things hold."""


class TestAnyReading:
    @given(readings())
    @MANY
    def test_shows_no_field_that_is_not_granted(self, reading: dict[str, Any]) -> None:
        shown = decide(**reading)

        if shown is not None:
            granted = reading["subscription"].grant.fields
            assert set(shown.data) <= set(granted)
            assert shown.data.items() <= reading["entry"].data.items()
            assert shown.subject is None or shown.subject in shown.data.values()

    @given(readings())
    @MANY
    def test_rests_on_a_grant_of_the_day_and_on_duty_or_consent(
        self, reading: dict[str, Any]
    ) -> None:
        shown, subscription = decide(**reading), reading["subscription"]
        today, entry = reading["today"], reading["entry"]

        if shown is not None:
            assert subscription.state is State.ACTIVE
            assert subscription.grant.valid_from <= today < subscription.grant.valid_to
            assert subscription.grant.enterprises is None or (
                entry.uscc in subscription.grant.enterprises
            )
        if shown is not None and subscription.legal_basis == "consent":
            assert any(
                (consent.uscc, consent.grantee) == (entry.uscc, BANK)
                and consent.purpose == subscription.purpose
                and subscription.feed in consent.feeds
                and consent.valid_from <= today < consent.valid_to
                and consent.revoked_on is None
                for consent in reading["consents"]
            )

    @given(readings())
    @MANY
    def test_is_at_least_as_strict_as_each_field_that_it_shows(
        self, reading: dict[str, Any]
    ) -> None:
        shown, feed = decide(**reading), reading["feed"]

        if shown is not None:
            classes = [feed.field(name).data_class for name in shown.data]
            assert all(
                STRICTNESS.index(found) <= STRICTNESS.index(shown.data_class) for found in classes
            )

    @given(readings())
    @MANY
    def test_by_duty_has_every_correction_of_what_was_granted(
        self, reading: dict[str, Any]
    ) -> None:
        feed, entry = reading["feed"], reading["entry"]
        by_duty = replace(reading["subscription"], legal_basis="duty")
        grant = by_duty.granted_on(reading["today"])

        shown = decide(**{**reading, "subscription": by_duty})

        if (
            grant is not None
            and grant.covers(entry.uscc)
            and feed.corrected_by(entry.type) & {*grant.fields}
        ):
            assert shown is not None


class TestPositions:
    @pytest.mark.parametrize("position", [0, 1, 5])
    def test_up_to_the_newest_are_the_feeds(self, position: int) -> None:
        require_position(position, Extent(newest=5, horizon=3))

    @pytest.mark.parametrize("position", [-1, 6, 2**63 - 1])
    def test_of_another_feed_are_refused(self, position: int) -> None:
        with pytest.raises(CursorOfAnotherFeed) as refused:
            require_position(position, Extent(newest=5))

        assert [v.field for v in refused.value.violations] == ["/after"]
        assert another_feeds_cursor().violations == refused.value.violations

    def test_past_the_retention_have_their_snapshot(self) -> None:
        refusal = PastRetention(FEED)

        assert (
            refusal.links
            == {"snapshot": snapshot_of(FEED)}
            == {"snapshot": f"/v1/feeds/{FEED}/snapshot"}
        )
        assert all(snapshot_of(FEED) in text for text in (refusal.action_zh, refusal.action_en))


class TestRetention:
    def test_is_over_after_the_days_of_the_catalogue(self) -> None:
        latest = TODAY - QUALIFICATIONS.retention_days * A_DAY

        require_retention_over(QUALIFICATIONS, before=latest, today=TODAY)
        with pytest.raises(RetentionNotOver) as refused:
            require_retention_over(QUALIFICATIONS, before=latest + A_DAY, today=TODAY)

        [violation] = refused.value.violations
        assert (violation.field, violation.limit) == ("/before", latest.isoformat())
