"""The only place that makes identifiers: UUIDv7, sortable by creation, without coordination."""

from collections.abc import Callable
from uuid import UUID

from uuid_utils.compat import uuid7

NewId = Callable[[], UUID]
"""Returns an identifier that was never returned before."""


def new_id() -> UUID:
    """Make a UUIDv7 (RFC 9562): its first 48 bits are milliseconds since 1970."""
    return uuid7()
