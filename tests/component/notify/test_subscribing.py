"""Asking for a feed, granting and revoking it over REST: what is refused, by code and field."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.events.notify import GrantIssued
from tests.component.notify.subscribing import (
    FEED,
    FIELDS,
    GRANT,
    REQUEST,
    approve,
    ask,
    grant,
    read,
    revoke,
    shown,
)
from tests.support.bad_input import assert_refused
from tests.support.city import FIRM, a_consent, a_qualification
from tests.support.service import ServiceUnderTest

pytestmark = pytest.mark.component

NOBODY = str(UUID(int=9))
NO_DAY = ("2026-02-30", "2026-3-2", "20260302", "2026-03-02T00:00:00", "86400", 86_400, None, True)
NO_TEXT = ("", "  ", "x" * 501, 7, None, ["x"])
NO_CODE = ("", "Feed", "x" * 65, 7, None)
NO_NAMES: tuple[object, ...] = ([], {}, "uscc", None, ["uscc"] * 51)
NO_NAME = (["uscc", "Category"], ["uscc", ""], ["uscc", 7], ["uscc", "x" * 65], ["uscc", None])
BAD_REQUEST: dict[str, tuple[object, ...]] = {
    "feed": NO_CODE,
    "purpose": NO_TEXT,
    "legal_basis": ("law", "", 7, None),
    "fields": NO_NAMES,
    "fields/1": NO_NAME,
    "more": (1,),
}
BAD_APPROVAL: dict[str, tuple[object, ...]] = {
    "fields": NO_NAMES,
    "fields/1": NO_NAME,
    "valid_from": NO_DAY,
    "valid_to": NO_DAY,
    "enterprises": ([], {}, FIRM, 7, [FIRM] * 1_001),
    "enterprises/1": tuple([FIRM, bad] for bad in (FIRM[:-1], "", "x" * 41, 7, None)),
    "more": (1,),
}
BAD_REVOCATION: dict[str, tuple[object, ...]] = {"reason": NO_TEXT, "more": (1,)}
COMMANDS: tuple[tuple[str, dict[str, Any], dict[str, tuple[object, ...]]], ...] = (
    ("/v1/subscriptions", {**REQUEST}, BAD_REQUEST),
    (f"/v1/subscriptions/{NOBODY}/approve", {**GRANT}, BAD_APPROVAL),
    (f"/v1/subscriptions/{NOBODY}/revoke", {"reason": "x"}, BAD_REVOCATION),
)
EVERY = ("notify.subscriptions:write", "notify.subscriptions:approve")


async def send(
    notify: ServiceUnderTest,
    path: str,
    body: object,
    *scopes: str,
    org: str = "operator",
    etag: str | None = '"1"',
) -> httpx.Response:
    """Send a command as it stands."""
    headers = notify.headers(org, *scopes, **({} if etag is None else {"If_Match": etag}))
    return await notify.client.post(path, json=body, headers=headers)


async def asked(
    notify: ServiceUnderTest,
    org: str = "bank-haizhou",
    **changes: Any,  # noqa: ANN401 - any field of the request
) -> str:
    """Ask for a feed; return the subscription's id."""
    answer = await ask(notify, org, **changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["subscription_id"])


class TestMalformedFields:
    @pytest.mark.parametrize(
        ("path", "body", "pointer", "values"),
        [
            pytest.param(path, body, pointer, values, id=f"{path}: {pointer}")
            for path, body, bad in COMMANDS
            for pointer, values in bad.items()
        ],
    )
    async def test_are_named(
        self,
        notify: ServiceUnderTest,
        path: str,
        body: dict[str, Any],
        pointer: str,
        values: tuple[object, ...],
    ) -> None:
        field = pointer.partition("/")[0]
        for value in values:
            answer = await send(notify, path, {**body, field: value}, *EVERY)

            assert_refused(answer, 422, "malformed", field=f"/{pointer}")

    @pytest.mark.parametrize(("path", "body"), [(path, body) for path, body, _bad in COMMANDS])
    async def test_that_are_missing_are_named_all_at_once(
        self, notify: ServiceUnderTest, path: str, body: dict[str, Any]
    ) -> None:
        answer = await send(notify, path, {}, *EVERY)

        for field in body:
            assert_refused(answer, 422, "malformed", field=f"/{field}")


class TestRequest:
    async def test_needs_an_institution_of_the_directory(self, notify: ServiceUnderTest) -> None:
        assert_refused(await ask(notify, "bank-nowhere"), 409, "institution-unknown")

    async def test_needs_a_feed_of_the_catalogue(self, notify: ServiceUnderTest) -> None:
        answer = await ask(notify, "bank-haizhou", feed="no-such-feed")

        assert_refused(answer, 404, "unknown-feed")

    async def test_names_fields_that_the_feed_has_not(self, notify: ServiceUnderTest) -> None:
        answer = await ask(notify, "bank-haizhou", fields=["uscc", "tax_grade"])

        assert_refused(answer, 422, "fields-not-in-feed", field="/fields/1")

    async def test_names_fields_above_the_clearance(self, notify: ServiceUnderTest) -> None:
        fields = ["uscc", "days_overdue"]

        bank = await ask(notify, "bank-haizhou", feed="loan-risks", fields=fields)
        department = await ask(
            notify, "dept-rh", feed="loan-risks", fields=fields, legal_basis="duty", purpose="监测"
        )

        assert_refused(bank, 409, "fields-not-cleared", field="/fields/1")
        assert department.status_code == 201, department.text

    @pytest.mark.parametrize(
        ("changes", "field"),
        [({"legal_basis": "duty"}, "/legal_basis"), ({"purpose": "marketing"}, "/purpose")],
    )
    async def test_names_a_basis_or_purpose_that_does_not_hold(
        self, notify: ServiceUnderTest, changes: dict[str, Any], field: str
    ) -> None:
        answer = await ask(notify, "bank-haizhou", **changes)

        assert_refused(answer, 409, "legal-basis-invalid", field=field)

    async def test_keeps_each_wanted_field_once(self, notify: ServiceUnderTest) -> None:
        answer = await ask(notify, "bank-haizhou", fields=["uscc", "category", "uscc"])

        assert answer.json()["wanted"] == ["uscc", "category"]
        assert answer.headers["location"].endswith(answer.json()["subscription_id"])


class TestApproval:
    async def test_is_not_the_subscribers_own(self, notify: ServiceUnderTest) -> None:
        answer = await approve(notify, await asked(notify), by="bank-haizhou")

        assert_refused(answer, 403, "own-request")

    async def test_names_fields_that_were_not_asked_for(self, notify: ServiceUnderTest) -> None:
        answer = await approve(notify, await asked(notify), fields=["uscc", "certificate_no"])

        assert_refused(answer, 422, "fields-not-in-feed", field="/fields/1")

    @pytest.mark.parametrize(
        ("valid_from", "valid_to"),
        [
            ("2026-03-01", "2026-03-01"),
            ("2026-01-01", "2026-03-02"),
            ("2026-03-01", "2029-03-05"),
            ("0001-01-01", "9999-12-31"),
        ],
        ids=["empty", "over", "too long", "for ever"],
    )
    async def test_names_a_period_that_cannot_be_granted(
        self, notify: ServiceUnderTest, valid_from: str, valid_to: str
    ) -> None:
        answer = await approve(
            notify, await asked(notify), valid_from=valid_from, valid_to=valid_to
        )

        assert_refused(answer, 409, "grant-period-invalid", field="/valid_to")

    async def test_takes_a_scope_up_to_its_bound_and_publishes_it(
        self, notify: ServiceUnderTest
    ) -> None:
        answer = await approve(notify, await asked(notify), enterprises=[FIRM] * 1_000)

        assert answer.json()["grant"]["enterprises"] == [FIRM]
        issued = (await notify.published())[-1].data
        assert isinstance(issued, GrantIssued)
        assert issued.enterprises == (FIRM,)

    async def test_has_no_scope_of_enterprises_on_a_feed_of_programmes(
        self, notify: ServiceUnderTest
    ) -> None:
        programmes = await asked(
            notify,
            "dept-rh",
            feed="guarantee-programmes",
            legal_basis="duty",
            purpose="监测",
            fields=["programme", "bank"],
        )
        answer = await approve(notify, programmes, fields=["programme", "bank"], enterprises=[FIRM])

        assert_refused(answer, 409, "scope-not-of-feed", field="/enterprises")

    async def test_leaves_one_grant_for_each_day(self, notify: ServiceUnderTest) -> None:
        await grant(notify, "bank-haizhou")

        same = await approve(notify, await asked(notify))
        last_day = await approve(
            notify, await asked(notify), valid_from="2027-02-28", valid_to="2027-03-10"
        )
        after = await approve(
            notify, await asked(notify), valid_from="2027-03-01", valid_to="2027-03-10"
        )
        other_bank = await approve(notify, await asked(notify, "bank-ganyu"))

        assert_refused(same, 409, "grant-overlaps")
        assert_refused(last_day, 409, "grant-overlaps")
        assert (after.status_code, other_bank.status_code) == (200, 200)

    async def test_happens_once(self, notify: ServiceUnderTest) -> None:
        granted = await grant(notify, "bank-haizhou")

        again = await approve(notify, granted["subscription_id"], etag='"2"')

        assert_refused(again, 409, "subscription-state")

    async def test_may_grant_less_than_was_asked(self, notify: ServiceUnderTest) -> None:
        answer = await approve(notify, await asked(notify), fields=["uscc", "category"])
        await notify.deliver(a_consent("bank-haizhou"), a_qualification())

        assert answer.json()["grant"]["fields"] == ["uscc", "category"]
        assert answer.json()["wanted"] == FIELDS
        [data] = shown(await read(notify, "bank-haizhou"))
        assert set(data) == {"uscc", "category"}


class TestRevocation:
    async def test_acts_on_the_next_read_and_tells_why(self, notify: ServiceUnderTest) -> None:
        granted = await grant(notify, "bank-haizhou")
        await notify.deliver(a_consent("bank-haizhou"), a_qualification())

        answer = await revoke(notify, granted["subscription_id"])

        assert (answer.json()["state"], answer.json()["version"]) == ("REVOKED", 3)
        assert answer.json()["revoked_because"] == "用途终止"
        assert_refused(await read(notify, "bank-haizhou"), 403, "no-grant")
        assert (await notify.published_types())[-1] == "notify.subscription.grant_revoked.v1"

    async def test_needs_a_grant(self, notify: ServiceUnderTest) -> None:
        waiting = await revoke(notify, await asked(notify), etag='"1"')
        granted = await grant(notify, "bank-haizhou")
        await revoke(notify, granted["subscription_id"])
        again = await revoke(notify, granted["subscription_id"], etag='"3"')

        assert_refused(waiting, 409, "subscription-state")
        assert_refused(again, 409, "subscription-state")

    async def test_makes_room_for_another_grant(self, notify: ServiceUnderTest) -> None:
        first = await grant(notify, "bank-haizhou")
        await revoke(notify, first["subscription_id"])

        assert (await grant(notify, "bank-haizhou"))["state"] == "ACTIVE"


class TestProtocol:
    async def test_asks_for_the_version_and_refuses_one_that_has_passed(
        self, notify: ServiceUnderTest
    ) -> None:
        requested = await asked(notify)
        granted = (await grant(notify, "bank-ganyu"))["subscription_id"]

        for answer in (
            await approve(notify, requested, etag=None),
            await revoke(notify, granted, etag=None),
        ):
            assert_refused(answer, 428, "precondition-required")
        for answer in (
            await approve(notify, requested, etag='"2"'),
            await revoke(notify, granted, etag='"1"'),
        ):
            assert_refused(answer, 412, "stale-version")
        assert_refused(await approve(notify, requested, etag="1"), 400, "bad-request")

    async def test_needs_a_subscription(self, notify: ServiceUnderTest) -> None:
        assert_refused(await approve(notify, NOBODY), 404, "not-found")
        assert_refused(await revoke(notify, NOBODY), 404, "not-found")
        assert_refused(await approve(notify, "x"), 422, "malformed")

    @pytest.mark.parametrize(("path", "body"), [(path, body) for path, body, _bad in COMMANDS])
    async def test_refuses_a_caller_without_the_scope(
        self, notify: ServiceUnderTest, path: str, body: dict[str, Any]
    ) -> None:
        other = "approve" if path == "/v1/subscriptions" else "write"

        answer = await send(notify, path, body, f"notify.subscriptions:{other}")

        assert_refused(answer, 403, "missing-scope")

    async def test_repeats_the_first_answer_under_the_same_key(
        self, notify: ServiceUnderTest
    ) -> None:
        headers = notify.headers("bank-haizhou", "notify.subscriptions:write", key="one")
        answers = [
            await notify.client.post("/v1/subscriptions", json=REQUEST, headers=headers)
            for _ in range(2)
        ]

        assert answers[0].content == answers[1].content
        assert answers[1].headers["idempotency-replayed"] == "true"
        assert await notify.published_types() == ["notify.subscription.requested.v1"]


class TestReading:
    async def test_is_of_ones_own_subscriptions_without_the_scope_for_all(
        self, notify: ServiceUnderTest
    ) -> None:
        mine = await asked(notify)
        path = f"/v1/subscriptions/{mine}"
        scope = "notify.subscriptions:read"

        own = await notify.client.get(path, headers=notify.headers("bank-haizhou", scope))
        others = await notify.client.get(path, headers=notify.headers("bank-ganyu", scope))
        operators = await notify.client.get(
            path, headers=notify.headers("operator", scope, f"{scope}-all")
        )
        without = await notify.client.get(path, headers=notify.headers("bank-haizhou"))

        assert own.json() == operators.json()
        assert (own.json()["state"], own.headers["etag"]) == ("REQUESTED", '"1"')
        assert_refused(others, 404, "not-found")
        assert_refused(without, 403, "missing-scope")

    async def test_comes_in_pages_of_ones_own(self, notify: ServiceUnderTest) -> None:
        first = await asked(notify)
        await asked(notify, "bank-ganyu")
        second = await asked(notify, feed="enterprise-profiles", fields=["uscc", "staff"])
        headers = notify.headers("bank-haizhou", "notify.subscriptions:read")

        page = await notify.client.get("/v1/subscriptions?limit=1", headers=headers)
        rest = await notify.client.get(
            f"/v1/subscriptions?limit=1&after={page.json()['next']}", headers=headers
        )
        of_feed = await notify.client.get(f"/v1/subscriptions?feed={FEED}", headers=headers)

        ids = [item["subscription_id"] for item in [*page.json()["items"], *rest.json()["items"]]]
        assert ids == [first, second]
        assert rest.json()["next"] is None
        assert [item["subscription_id"] for item in of_feed.json()["items"]] == [first]
