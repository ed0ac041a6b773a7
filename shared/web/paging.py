"""Keyset pages: an opaque cursor names the last row seen, so pages are stable under writes."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel, Field

from shared.errors import Malformed, Violation

LARGEST_PAGE = 200

V = TypeVar("V", bound=BaseModel)
R = TypeVar("R")

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="rows per page")]
After = Annotated[
    str | None, Query(max_length=500, description="the previous page's `next`; opaque")
]


class InvalidCursor(Malformed):
    """The cursor is not one that this endpoint gave out."""

    code = "invalid-cursor"
    title_zh = "游标无效"
    title_en = "Invalid cursor"


class Page(BaseModel, Generic[V]):
    """One page of rows; ``next`` is null on the last one."""

    items: list[V]
    next: str | None = Field(default=None, examples=["WyIwMTg5MGE1ZCJd"])


def encode_cursor(*position: str | int) -> str:
    """Make an opaque cursor of a position."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")


def decode_cursor(text: str, *kinds: type[str] | type[int]) -> list[str | int]:
    """Return the position in a cursor; its parts must be of the given kinds."""
    try:
        padded = text + "=" * (-len(text) % 4)
        position = orjson.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, binascii.Error) as error:
        raise _refusal() from error
    matches = (
        isinstance(position, list)
        and len(position) == len(kinds)
        and all(type(part) is kind for part, kind in zip(position, kinds, strict=True))
    )
    if not matches:
        raise _refusal()
    return list(position)


def _refusal() -> InvalidCursor:
    return InvalidCursor(
        "the cursor was not given out by this endpoint",
        violations=(
            Violation(
                code="cursor",
                zh="请使用上一页返回的 next 值",
                en="use the previous page's next value",
                field="/after",
            ),
        ),
    )


def page_of(
    rows: Sequence[R], *, limit: int, view: Callable[[R], V], cursor: Callable[[R], str]
) -> Page[V]:
    """Make a page of up to ``limit`` rows; the caller read one more to know whether more follow."""
    shown = rows[:limit]
    return Page(
        items=[view(row) for row in shown],
        next=cursor(shown[-1]) if len(rows) > limit else None,
    )
