"""What the retention leaves of a feed, and how a reader gets to its end from anywhere."""

from datetime import date
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from services.notify.feeds.handlers import SCAN, SCANS
from tests.component.notify.subscribing import (
    FEED,
    at_end,
    fill,
    follow,
    grant,
    next_cursor,
    prune,
    read,
    shown,
)
from tests.support.bad_input import assert_refused
from tests.support.city import FIRM, OTHER_FIRM, a_consent, a_qualification, an_amendment
from tests.support.databases import Databases
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

SNAPSHOT = f"{FEED}/snapshot"
MOST_PER_READ = SCAN * SCANS
LATER = ("2027-04-01", "2028-04-01")
LATER_S = 405
"""Days from the first of the tests to one on which the retention of its entries is over."""


async def a_pruned_feed(notify: ServiceUnderTest, *, unseen: int = 0) -> str:
    """Let a bank read two states of a certificate, and the retention pass; return its old cursor.

    Before them stand ``unseen`` entries of a firm that never consented.
    """
    await grant(notify, "bank-haizhou")
    await notify.deliver(a_consent("bank-haizhou", valid_to=date(2028, 4, 1)))
    if unseen:
        await fill(notify, unseen, uscc=OTHER_FIRM)
    await notify.deliver(a_qualification())
    old = next_cursor(await read(notify, "bank-haizhou", limit=1))
    await notify.deliver(an_amendment())
    notify.clock.advance(days=LATER_S)
    await grant(notify, "bank-haizhou", period=LATER)
    pruned = await prune(notify, "2026-03-03")
    assert pruned.json() == {"feed": FEED, "removed": 1, "horizon": unseen + 2}, pruned.text
    return old


async def analyse(notify: ServiceUnderTest, databases: Databases) -> None:
    """Let the planner learn of the feeds as they are now; only their owner may."""
    owner = urlsplit((await databases.template("notify")).owner)
    database = urlsplit(notify.database.dsn).path
    connection = await asyncpg.connect(urlunsplit(owner._replace(path=database)))
    try:
        await connection.execute("ANALYZE feed_entry")
    finally:
        await connection.close()


class TestEndOfAFeed:
    async def test_is_told_on_an_empty_feed(self, notify: ServiceUnderTest) -> None:
        await grant(notify, "bank-haizhou")

        answer = await read(notify, "bank-haizhou")

        assert (shown(answer), at_end(answer)) == ([], True)

    async def test_is_not_where_the_page_is_full(self, notify: ServiceUnderTest) -> None:
        await grant(notify, "bank-haizhou")
        await notify.deliver(a_consent("bank-haizhou"), a_qualification(), an_amendment())

        first = await read(notify, "bank-haizhou", limit=1)
        second = await follow(notify, "bank-haizhou", first)

        assert (len(shown(first)), at_end(first)) == (1, False)
        assert (len(shown(second)), at_end(second)) == (1, True)

    async def test_is_not_where_a_read_had_to_stop_at_entries_that_it_may_not_show(
        self, notify: ServiceUnderTest
    ) -> None:
        await grant(notify, "bank-haizhou")
        await notify.deliver(a_consent("bank-haizhou"))
        await fill(notify, MOST_PER_READ, uscc=OTHER_FIRM)
        await notify.deliver(a_qualification())

        first = await read(notify, "bank-haizhou")
        second = await follow(notify, "bank-haizhou", first)

        assert (shown(first), at_end(first)) == ([], False)
        assert ([data["uscc"] for data in shown(second)], at_end(second)) == ([FIRM], True)


class TestPruning:
    @pytest.mark.parametrize(
        "bad",
        [
            *("0001-01-01", "1999-12-31", "2026-02-30", "2025-1-1", "20250101", ""),
            *("2025-01-01T00:00:00", "86400", 86_400, 1.5, True, None, [], {}),
        ],
    )
    async def test_names_a_day_that_is_none_or_before_all_feeds(
        self, notify: ServiceUnderTest, bad: object
    ) -> None:
        assert_refused(await prune(notify, bad), 422, "malformed", field="/before")

    async def test_names_a_field_that_is_missing_or_unknown(self, notify: ServiceUnderTest) -> None:
        path = f"/v1/feeds/{FEED}/prune"
        for body, field in (({}, "/before"), ({"before": "2025-01-01", "more": 1}, "/more")):
            headers = notify.headers("operator", "notify.feeds:write")
            answer = await notify.client.post(path, json=body, headers=headers)

            assert_refused(answer, 422, "malformed", field=field)

    async def test_takes_the_first_day_of_all_feeds(self, notify: ServiceUnderTest) -> None:
        await notify.deliver(a_qualification())

        pruned = await prune(notify, "2000-01-01")

        assert pruned.json() == {"feed": FEED, "removed": 0, "horizon": 0}

    async def test_keeps_what_the_catalogue_promises(self, notify: ServiceUnderTest) -> None:
        await notify.deliver(a_qualification(), an_amendment())
        notify.clock.advance(days=400)  # to 2027-04-06: what came on 2026-03-02 is past retention

        early = await prune(notify, "2026-03-03")
        notify.clock.advance(days=1)
        due = await prune(notify, "2026-03-03")

        assert_refused(early, 409, "retention-not-over", field="/before")
        assert early.json()["violations"][0]["limit"] == "2026-03-02"
        assert due.json() == {"feed": FEED, "removed": 1, "horizon": 2}

    async def test_ends_in_time_where_the_planner_takes_the_feed_for_a_small_one(
        self, notify: ServiceUnderTest, databases: Databases
    ) -> None:
        await notify.deliver(a_qualification())
        await analyse(notify, databases)
        await fill(notify, MOST_PER_READ, uscc=OTHER_FIRM)
        await notify.deliver(an_amendment())
        notify.clock.advance(days=LATER_S)

        pruned = await prune(notify, "2026-03-03")

        assert pruned.json() == {"feed": FEED, "removed": 1, "horizon": MOST_PER_READ + 2}

    async def test_never_takes_the_horizon_back(self, notify: ServiceUnderTest) -> None:
        await a_pruned_feed(notify)

        again = await prune(notify, "2026-03-02")

        assert again.json() == {"feed": FEED, "removed": 0, "horizon": 2}

    async def test_of_a_feed_without_entries_does_nothing(self, notify: ServiceUnderTest) -> None:
        pruned = await prune(notify, "2020-01-01", feed="loan-risks")

        assert pruned.json() == {"feed": "loan-risks", "removed": 0, "horizon": 0}

    async def test_needs_a_feed_of_the_catalogue_and_the_scope(
        self, notify: ServiceUnderTest
    ) -> None:
        unknown = await prune(notify, "2020-01-01", feed="no-such-feed")
        without = await prune(notify, "2020-01-01", scope="notify.feeds:read")

        assert_refused(unknown, 404, "unknown-feed")
        assert_refused(without, 403, "missing-scope")


class TestPastRetention:
    async def test_a_cursor_is_refused_with_a_link_to_the_snapshot(
        self, notify: ServiceUnderTest
    ) -> None:
        old = await a_pruned_feed(notify)

        answer = await read(notify, "bank-haizhou", after=old)

        assert_refused(answer, 410, "past-retention")
        assert answer.links["snapshot"]["url"] == f"/v1/feeds/{SNAPSHOT}"
        for text in answer.json()["action"].values():
            assert f"/v1/feeds/{SNAPSHOT}" in text

    async def test_a_first_read_says_that_it_passed_over_older_states(
        self, notify: ServiceUnderTest
    ) -> None:
        await a_pruned_feed(notify)

        first = await read(notify, "bank-haizhou")
        older = await notify.client.get(
            first.links["snapshot"]["url"],
            headers=notify.headers("bank-haizhou", "notify.feeds:read"),
        )

        assert (shown(first), at_end(first)) == ([], True)
        assert [data["valid_to"] for data in shown(older)] == ["2029-01-01"]

    async def test_is_not_spoken_of_where_nothing_was_passed_over(
        self, notify: ServiceUnderTest
    ) -> None:
        await a_pruned_feed(notify)
        first = await read(notify, "bank-haizhou")

        goes_on = await follow(notify, "bank-haizhou", first)
        snapshot = await read(notify, "bank-haizhou", feed=SNAPSHOT)
        await grant(
            notify,
            "dept-rh",
            legal_basis="duty",
            period=LATER,
            feed="enterprise-profiles",
            fields=["uscc", "staff"],
        )
        never_pruned = await read(notify, "dept-rh", feed="enterprise-profiles")

        for answer in (goes_on, snapshot, never_pruned):
            assert set(answer.links) == {"next"}


class TestSnapshot:
    async def test_has_the_last_state_and_leads_to_the_feed(self, notify: ServiceUnderTest) -> None:
        await a_pruned_feed(notify)

        snapshot = await read(notify, "bank-haizhou", feed=SNAPSHOT)
        await notify.deliver(an_amendment(valid_to=date(2030, 1, 1)))
        newer = await follow(notify, "bank-haizhou", snapshot)

        assert [data["valid_to"] for data in shown(snapshot)] == ["2029-01-01"]
        assert at_end(snapshot)
        assert snapshot.links["next"]["url"].startswith(f"/v1/feeds/{FEED}?after=")
        assert [data["valid_to"] for data in shown(newer)] == ["2030-01-01"]

    async def test_goes_on_in_itself_over_entries_that_may_not_be_shown(
        self, notify: ServiceUnderTest
    ) -> None:
        await a_pruned_feed(notify, unseen=MOST_PER_READ)

        first = await read(notify, "bank-haizhou", feed=SNAPSHOT)
        second = await follow(notify, "bank-haizhou", first)
        third = await follow(notify, "bank-haizhou", second)

        assert (shown(first), at_end(first)) == ([], False)
        assert first.links["next"]["url"].startswith(f"/v1/feeds/{SNAPSHOT}?after=")
        assert [data["valid_to"] for data in shown(second)] == ["2029-01-01"]
        assert second.links["next"]["url"].startswith(f"/v1/feeds/{FEED}?after=")
        assert (shown(third), at_end(third)) == ([], True)

    async def test_of_a_feed_that_was_never_pruned_is_the_feed(
        self, notify: ServiceUnderTest
    ) -> None:
        await grant(notify, "bank-haizhou")
        await notify.deliver(a_consent("bank-haizhou"), a_qualification(), an_amendment())

        page = await read(notify, "bank-haizhou", feed=SNAPSHOT, limit=1)
        rest = await follow(notify, "bank-haizhou", page)

        assert page.links["next"]["url"].startswith(f"/v1/feeds/{FEED}?after=")
        assert [data["valid_to"] for data in [*shown(page), *shown(rest)]] == [
            "2028-01-01",
            "2029-01-01",
        ]
