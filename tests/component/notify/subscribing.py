"""What the tests of notify do over REST: ask for a feed, grant it, read it."""

from collections.abc import Mapping
from typing import Any

import httpx

from shared.events.registry import InstitutionKind
from tests.support.city import an_institution
from tests.support.service import ServiceUnderTest

FEED = "enterprise-qualifications"
FIELDS = ["uscc", "category", "valid_to"]
CITY: Mapping[str, InstitutionKind] = {
    "bank-haizhou": "bank",
    "bank-ganyu": "bank",
    "dept-sw": "department",
    "dept-rh": "department",
    "operator": "platform",
}
REQUEST: Mapping[str, object] = {
    "feed": FEED,
    "purpose": "credit_assessment",
    "legal_basis": "consent",
    "fields": FIELDS,
}
GRANT: Mapping[str, object] = {
    "fields": FIELDS,
    "valid_from": "2026-03-01",
    "valid_to": "2027-03-01",
}


async def settle(notify: ServiceUnderTest) -> None:
    """Let the city's institutions arrive."""
    await notify.deliver(*(an_institution(code, kind) for code, kind in CITY.items()))


async def ask(
    notify: ServiceUnderTest, org: str, *, feed: str = FEED, **changes: object
) -> httpx.Response:
    """Ask for a feed as an organisation does."""
    headers = notify.headers(org, "notify.subscriptions:write")
    body = {**REQUEST, "feed": feed, **changes}
    return await notify.client.post("/v1/subscriptions", json=body, headers=headers)


async def approve(
    notify: ServiceUnderTest,
    subscription_id: str,
    *,
    by: str = "operator",
    etag: str | None = '"1"',
    **changes: object,
) -> httpx.Response:
    """Grant a request as the operator does; without ``etag`` the header is left out."""
    headers = notify.headers(by, "notify.subscriptions:approve")
    if etag is not None:
        headers["If-Match"] = etag
    path = f"/v1/subscriptions/{subscription_id}/approve"
    return await notify.client.post(path, json={**GRANT, **changes}, headers=headers)


async def revoke(
    notify: ServiceUnderTest,
    subscription_id: str,
    *,
    etag: str | None = '"2"',
    reason: object = "用途终止",
) -> httpx.Response:
    """Withdraw a grant as the operator does."""
    headers = notify.headers("operator", "notify.subscriptions:approve")
    if etag is not None:
        headers["If-Match"] = etag
    path = f"/v1/subscriptions/{subscription_id}/revoke"
    return await notify.client.post(path, json={"reason": reason}, headers=headers)


async def grant(
    notify: ServiceUnderTest,
    org: str,
    *,
    feed: str = FEED,
    period: tuple[str, str] = ("2026-03-01", "2027-03-01"),
    **changes: object,
) -> dict[str, Any]:
    """Ask for a feed and let the operator grant all of it."""
    asked = await ask(notify, org, feed=feed, **changes)
    assert asked.status_code == 201, asked.text
    approved = await approve(
        notify,
        asked.json()["subscription_id"],
        fields=asked.json()["wanted"],
        valid_from=period[0],
        valid_to=period[1],
    )
    assert approved.status_code == 200, approved.text
    found: dict[str, Any] = approved.json()
    return found


async def read(
    notify: ServiceUnderTest, org: str, *, feed: str = FEED, **parameters: str | int
) -> httpx.Response:
    """Read a feed as an organisation does; ``feed`` may be ``<feed>/snapshot``."""
    return await notify.client.get(
        f"/v1/feeds/{feed}",
        params=parameters,
        headers=notify.headers(org, "notify.feeds:read", sub=f"{org}-clerk"),
    )


def shown(answer: httpx.Response) -> list[Mapping[str, Any]]:
    """Return the data of a batch's events."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/cloudevents-batch+json"
    return [event["data"] for event in answer.json()]


def next_cursor(answer: httpx.Response) -> str:
    """Return the cursor to go on from."""
    cursor: str = answer.headers["tongzhou-next-cursor"]
    return cursor


def at_end(answer: httpx.Response) -> bool:
    """Tell whether a batch says that nothing follows."""
    return {"true": True, "false": False}[answer.headers["tongzhou-at-end"]]


async def follow(notify: ServiceUnderTest, org: str, answer: httpx.Response) -> httpx.Response:
    """Go on where a batch's link says."""
    return await notify.client.get(
        answer.links["next"]["url"], headers=notify.headers(org, "notify.feeds:read")
    )


async def prune(
    notify: ServiceUnderTest, before: object, *, feed: str = FEED, scope: str = "notify.feeds:write"
) -> httpx.Response:
    """Remove what the retention no longer covers, as the operator does."""
    headers = notify.headers("operator", scope)
    path = f"/v1/feeds/{feed}/prune"
    return await notify.client.post(path, json={"before": before}, headers=headers)


async def fill(notify: ServiceUnderTest, count: int, *, uscc: str) -> None:
    """Put many entries of one firm into the feed at once, each the state of another thing."""
    async with notify.database.transaction() as work:
        await work.execute(FILL_FEED, FEED, count)
        await work.execute(FILL, FEED, count, uscc, work.now)


FILL_FEED = """
    INSERT INTO feed (feed, newest) VALUES ($1, $2)
    ON CONFLICT (feed) DO UPDATE SET newest = feed.newest + $2
"""
FILL = """
    INSERT INTO feed_entry (feed, position, event_id, type, uscc, subject, state_key, correlation,
        data, recorded_at, appended_at)
    SELECT $1, feed.newest - $2 + place, gen_random_uuid(),
        'registry.enterprise.qualification_granted.v1', $3, $3, gen_random_uuid()::text,
        gen_random_uuid(), jsonb_build_object('uscc', $3::text, 'category', 'hnte'), $4, $4
    FROM feed, generate_series(1, $2::bigint) AS place WHERE feed.feed = $1
"""
