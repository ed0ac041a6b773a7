"""REST of the catalogue: public among those who may call at all."""

from fastapi import APIRouter

from services.notify.catalogue.rules import FEEDS, feed_of
from services.notify.catalogue.schemas import Catalogue, FeedView
from shared.web.auth import Authenticated
from shared.web.problem import problems

router = APIRouter(prefix="/v1/feeds", tags=["catalogue 信息资源目录"])


@router.get("", response_model=Catalogue, responses=problems())
async def list_feeds(_caller: Authenticated) -> Catalogue:
    """List every feed with its fields and their classes (信息资源目录)."""
    return Catalogue(items=[FeedView.of(feed) for feed in FEEDS])


@router.get("/{feed}/catalogue", response_model=FeedView, responses=problems(404))
async def get_feed_entry(feed: str, _caller: Authenticated) -> FeedView:
    """Show one feed's entry of the catalogue."""
    return FeedView.of(feed_of(feed))
