"""REST of the subscriptions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.notify.grants import handlers, store
from services.notify.grants.schemas import (
    ApproveSubscription,
    RequestSubscription,
    RevokeSubscription,
    SubscriptionPage,
    SubscriptionView,
)
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions 订阅"])

ANYONES = "notify.subscriptions:read-all"
"""With this scope a caller reads every subscription; without it its own organisation's."""

Write = Annotated[Command, commands.command("notify.subscriptions:write")]
Approve = Annotated[Command, commands.command("notify.subscriptions:approve")]
Read = Annotated[commands.Query, commands.query("notify.subscriptions:read")]


def _reader(query: commands.Query) -> str | None:
    return None if ANYONES in query.caller.scopes else query.caller.org


@router.post(
    "", status_code=201, response_model=SubscriptionView, responses=problems(400, 404, 409)
)
async def request_subscription(body: RequestSubscription, command: Write) -> Response:
    """Ask for a feed (订阅申请)."""
    return await command.run(
        lambda work: handlers.request_subscription(work, body, caller=command.caller),
        present=SubscriptionView.of,
        status=201,
        location=lambda stored: f"/v1/subscriptions/{stored.subscription.id}",
    )


@router.post(
    "/{subscription_id}/approve",
    response_model=SubscriptionView,
    responses=problems(400, 404, 409, 412, 428),
)
async def approve_subscription(
    subscription_id: UUID, body: ApproveSubscription, command: Approve
) -> Response:
    """Grant a subscription (授予): not for one's own organisation."""
    expected = command.if_match
    return await command.run(
        lambda work: handlers.approve_subscription(
            work, subscription_id, body, caller=command.caller, expected_version=expected
        ),
        present=SubscriptionView.of,
    )


@router.post(
    "/{subscription_id}/revoke",
    response_model=SubscriptionView,
    responses=problems(400, 404, 409, 412, 428),
)
async def revoke_subscription(
    subscription_id: UUID, body: RevokeSubscription, command: Approve
) -> Response:
    """Withdraw a grant: it acts on the very next read."""
    expected = command.if_match
    return await command.run(
        lambda work: handlers.revoke_subscription(
            work, subscription_id, reason=body.reason, expected_version=expected
        ),
        present=SubscriptionView.of,
    )


@router.get("/{subscription_id}", response_model=SubscriptionView, responses=problems(404))
async def get_subscription(subscription_id: UUID, query: Read) -> Response:
    """Read one subscription."""
    return await query.run(
        lambda work: store.get(work, subscription_id, reader=_reader(query)),
        present=SubscriptionView.of,
    )


@router.get("", response_model=SubscriptionPage, responses=problems())
async def list_subscriptions(
    query: Read,
    feed: Annotated[str | None, Query(max_length=64)] = None,
    after: paging.After = None,
    limit: paging.Limit = 50,
) -> Response:
    """List subscriptions, oldest first."""
    start = paging.decode_id(after)
    return await query.run(
        lambda work: store.page(work, reader=_reader(query), feed=feed, after=start, limit=limit),
        present=lambda rows: paging.page_of(
            rows,
            limit=limit,
            view=SubscriptionView.of,
            cursor=lambda stored: paging.encode_cursor(str(stored.subscription.id)),
        ),
    )
