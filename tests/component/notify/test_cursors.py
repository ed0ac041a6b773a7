"""Cursors and filters that no feed gave out, and what a reader without a grant gets."""

from uuid import UUID

import pytest

from shared.web.paging import encode_cursor
from tests.component.notify.subscribing import FEED, grant, next_cursor, read
from tests.support.bad_input import assert_refused
from tests.support.city import a_qualification
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

READ_ID = str(UUID(int=9))
BEYOND = (-1, 2, 2**63 - 1)
"""Positions that a feed of one entry has not."""
NO_CURSORS = (
    "x",
    "",
    "é",
    "[[[[",
    encode_cursor(FEED),
    encode_cursor(FEED, "1"),
    encode_cursor(1, FEED),
    encode_cursor(FEED, 1, 1),
    encode_cursor(FEED, True),
    encode_cursor(FEED, 2**64 - 1),
    encode_cursor(FEED, -(2**63)),
)


class TestCursorOfAFeed:
    @pytest.fixture
    async def department(self, notify: ServiceUnderTest) -> str:
        """A department that reads a feed of one entry by duty."""
        await grant(notify, "dept-rh", legal_basis="duty", purpose="统计")
        await notify.deliver(a_qualification())
        return "dept-rh"

    @pytest.mark.parametrize("feed", [FEED, f"{FEED}/snapshot"])
    @pytest.mark.parametrize("cursor", NO_CURSORS)
    async def test_is_refused_where_it_is_none(
        self, notify: ServiceUnderTest, department: str, feed: str, cursor: str
    ) -> None:
        answer = await read(notify, department, feed=feed, after=cursor)

        assert_refused(answer, 422, "invalid-cursor", field="/after")

    @pytest.mark.parametrize("feed", [FEED, f"{FEED}/snapshot"])
    @pytest.mark.parametrize("position", BEYOND)
    async def test_is_refused_where_the_feed_has_not_come(
        self, notify: ServiceUnderTest, department: str, feed: str, position: int
    ) -> None:
        answer = await read(notify, department, feed=feed, after=encode_cursor(FEED, position))

        assert_refused(answer, 422, "cursor-of-another-feed", field="/after")

    async def test_is_refused_by_another_feed(
        self, notify: ServiceUnderTest, department: str
    ) -> None:
        await grant(
            notify,
            department,
            feed="enterprise-profiles",
            legal_basis="duty",
            purpose="统计",
            fields=["uscc", "staff"],
        )
        cursor = next_cursor(await read(notify, department))

        answer = await read(notify, department, feed="enterprise-profiles", after=cursor)

        assert_refused(answer, 422, "cursor-of-another-feed", field="/after")

    async def test_is_too_long_past_its_bound(
        self, notify: ServiceUnderTest, department: str
    ) -> None:
        answer = await read(notify, department, after="x" * 501)

        assert_refused(answer, 422, "malformed", field="/query/after")


class TestParametersOfARead:
    @pytest.mark.parametrize(
        ("name", "values"),
        [("limit", ("0", "201", "-1", "x", "1.5")), ("timeout", ("-1", "31", "x", "1.5"))],
    )
    async def test_are_named(
        self, notify: ServiceUnderTest, name: str, values: tuple[str, ...]
    ) -> None:
        headers = notify.headers("bank-haizhou", "notify.feeds:read")
        for value in values:
            path = f"/v1/feeds/{FEED}?{name}={value}"
            answer = await notify.client.get(path, headers=headers)

            assert_refused(answer, 422, "malformed", field=f"/query/{name}")

    async def test_need_a_feed_a_grant_and_the_scope(self, notify: ServiceUnderTest) -> None:
        unknown = await read(notify, "bank-haizhou", feed="no-such-feed")
        ungranted = await read(notify, "bank-haizhou")
        snapshot = await read(notify, "bank-haizhou", feed=f"{FEED}/snapshot")
        without = await notify.client.get(
            f"/v1/feeds/{FEED}", headers=notify.headers("bank-haizhou", "notify.feeds:write")
        )

        assert_refused(unknown, 404, "unknown-feed")
        assert_refused(ungranted, 403, "no-grant")
        assert_refused(snapshot, 403, "no-grant")
        assert_refused(without, 403, "missing-scope")


class TestCursorOfTheDisclosures:
    @pytest.mark.parametrize("position", [-5, 0, 2**63 - 1])
    async def test_may_stand_anywhere(self, notify: ServiceUnderTest, position: int) -> None:
        headers = notify.headers("dept-rh", "notify.disclosures:read")
        cursor = encode_cursor(READ_ID, position)

        answer = await notify.client.get(f"/v1/disclosures?after={cursor}", headers=headers)

        assert answer.json() == {"items": [], "next": None}

    @pytest.mark.parametrize(
        "cursor",
        [
            "x",
            encode_cursor("nope", 1),
            encode_cursor(READ_ID),
            encode_cursor(READ_ID, 2**64 - 1),
            encode_cursor(READ_ID, "1"),
        ],
    )
    async def test_is_refused_where_it_is_none(self, notify: ServiceUnderTest, cursor: str) -> None:
        headers = notify.headers("dept-rh", "notify.disclosures:read")

        answer = await notify.client.get(f"/v1/disclosures?after={cursor}", headers=headers)

        assert_refused(answer, 422, "invalid-cursor", field="/after")

    async def test_needs_the_scope(self, notify: ServiceUnderTest) -> None:
        answer = await notify.client.get("/v1/disclosures", headers=notify.headers("dept-rh"))

        assert_refused(answer, 403, "missing-scope")


class TestCatalogue:
    async def test_is_open_to_every_caller_and_names_corrections(
        self, notify: ServiceUnderTest
    ) -> None:
        headers = notify.headers("bank-haizhou")
        every = (await notify.client.get("/v1/feeds", headers=headers)).json()["items"]
        one = await notify.client.get(f"/v1/feeds/{FEED}/catalogue", headers=headers)
        unknown = await notify.client.get("/v1/feeds/no-such/catalogue", headers=headers)

        assert one.json() in every
        assert "registry.enterprise.qualification_revoked.v1" in one.json()["corrections"]
        assert set(one.json()["corrections"]) < set(one.json()["types"])
        assert_refused(unknown, 404, "unknown-feed")
