"""REST of the feeds."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.notify.catalogue.rules import feed_of
from services.notify.feeds import handlers
from services.notify.feeds.handlers import FeedWatch, ReadFeed
from services.notify.feeds.schemas import (
    BATCH_RESPONSE,
    CloudEventsBatch,
    PrunedView,
    PruneFeed,
)
from shared.web import commands, paging
from shared.web.commands import Command
from shared.web.problem import problems

router = APIRouter(prefix="/v1/feeds", tags=["feeds 信息推送"])

LONGEST_POLL_S = 30

Read = Annotated[commands.Query, commands.query("notify.feeds:read")]
Write = Annotated[Command, commands.command("notify.feeds:write")]
FeedCode = Annotated[str, Path(max_length=64, examples=["enterprise-qualifications"])]
Cursor = Annotated[
    str | None, Query(max_length=500, description="the last answer's cursor; opaque")
]
Timeout = Annotated[
    int, Query(ge=0, le=LONGEST_POLL_S, description="seconds to wait for something to show")
]


def _watch(request: Request) -> FeedWatch:
    """Return the application's watch; it is made when the first reader comes."""
    state = request.app.state
    if not hasattr(state, "feed_watch"):
        state.feed_watch = FeedWatch(state.database)
    found: FeedWatch = state.feed_watch
    return found


Watch = Annotated[FeedWatch, Depends(_watch)]


@router.get(
    "/{feed}",
    response_class=CloudEventsBatch,
    responses=BATCH_RESPONSE | problems(404, 410),
)
async def read_feed(
    feed: FeedCode,
    query: Read,
    watch: Watch,
    after: Cursor = None,
    timeout: Timeout = 0,  # noqa: ASYNC109 - a parameter of the request, bounded above
    limit: paging.Limit = 50,
) -> Response:
    """Read on after a cursor, as granted and consented now; waits up to `timeout` seconds.

    The next cursor is in `Tongzhou-Next-Cursor` and in `Link`, also when nothing is shown: an
    empty array is the end for now only if `Tongzhou-At-End` is true. Without a cursor the read
    begins with the oldest entry after which none is missing; where the retention left older
    states, `Link` rel=snapshot says where they are. A cursor older than that gets 410 with the
    same link.
    """
    wanted = ReadFeed(
        feed=feed_of(feed), caller=query.caller, after=after, limit=limit, timeout_s=timeout
    )
    batch = await handlers.read(query.database, wanted, watch=watch, gone=query.abandoned)
    return CloudEventsBatch.of(batch)


@router.get(
    "/{feed}/snapshot",
    response_class=CloudEventsBatch,
    responses=BATCH_RESPONSE | problems(404),
)
async def read_snapshot(
    feed: FeedCode,
    query: Read,
    watch: Watch,
    after: Cursor = None,
    limit: paging.Limit = 50,
) -> Response:
    """Read from the first entry that is still there: what the retention left, then what is newer.

    Follow `Link` rel=next: it stays in the snapshot until that is read whole, also over empty
    arrays, and then leads to the feed.
    """
    wanted = ReadFeed(
        feed=feed_of(feed),
        caller=query.caller,
        after=after,
        limit=limit,
        timeout_s=0,
        from_snapshot=True,
    )
    batch = await handlers.read(query.database, wanted, watch=watch, gone=query.abandoned)
    return CloudEventsBatch.of(batch)


@router.post("/{feed}/prune", response_model=PrunedView, responses=problems(400, 404, 409))
async def prune_feed(feed: FeedCode, body: PruneFeed, command: Write) -> Response:
    """Remove entries past retention; the newest of each thing stays for the snapshot."""
    return await command.run(
        lambda work: handlers.prune(work, feed, before=body.before), present=PrunedView.of
    )
