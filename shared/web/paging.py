"""Keyset pages: an opaque cursor names the last row seen, so pages are stable under writes."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Query
from pydantic import BaseModel, Field

from shared.errors import Malformed, Violation

LARGEST_PAGE = 200
_MOST = 2**63 - 1
"""No column holds a larger integer."""

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


def decode_cursor(text: str, *kinds: type[str] | type[int] | type[UUID]) -> list[Any]:
    """Return the position in a cursor; its parts must be of the given kinds, ids included."""
    try:
        padded = text + "=" * (-len(text) % 4)
        position = orjson.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        if not isinstance(position, list):
            raise _refusal()
        return [_part(part, kind) for part, kind in zip(position, kinds, strict=True)]
    except (ValueError, binascii.Error) as error:
        raise _refusal() from error


def decode_id(text: str | None) -> UUID | None:
    """Return the id in a cursor of one id; None for the first page."""
    if text is None:
        return None
    found: UUID = decode_cursor(text, UUID)[0]
    return found


def _part(part: object, kind: type[str] | type[int] | type[UUID]) -> str | int | UUID:
    if kind is UUID and isinstance(part, str):
        return UUID(part)
    if type(part) is not kind or not isinstance(part, str | int):
        raise _refusal()
    if (isinstance(part, str) and "\x00" in part) or (isinstance(part, int) and abs(part) > _MOST):
        raise _refusal()
    return part


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
