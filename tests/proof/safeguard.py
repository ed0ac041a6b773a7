"""A safeguard: a scene that ends well with it, and what is broken at the scene's end without it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from shared.db.database import Transaction
from shared.events.registry import EnterpriseRegistered
from tests.support.toy import FIRM, Toy

HELD = ""
"""What a scene returns when nothing is broken."""


@dataclass(frozen=True, slots=True)
class Safeguard:
    """One rule of the kernel, the scene that needs it, and how a test takes it away."""

    name: str
    scene: Callable[[Toy], Awaitable[str]]
    remove: Callable[[pytest.MonkeyPatch], None]
    breaks: str


def rewrite(patched: pytest.MonkeyPatch, sql: str, instead: str) -> None:
    """Let units of work send other SQL than the kernel's."""
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        patched.setattr(Transaction, name, _rewriting(getattr(Transaction, name), sql, instead))


def _rewriting(
    send: Callable[..., Awaitable[object]], sql: str, instead: str
) -> Callable[..., Awaitable[object]]:
    async def rewritten(work: Transaction, text: str, *args: object) -> object:
        return await send(work, text.replace(sql, instead), *args)

    return rewritten


def event_of(uscc: str, name: str = "firm") -> EnterpriseRegistered:
    """Make an event."""
    return EnterpriseRegistered(uscc=uscc, name=name, region="320706", chain="new_energy")


async def publish(toy: Toy, *sequences: int, uscc: str = FIRM) -> None:
    """Commit one event per sequence, each in a transaction of its own."""
    for sequence in sequences:
        async with toy.database.transaction() as work:
            work.publish(event_of(uscc), sequence=sequence)


async def blocked(toy: Toy) -> bool:
    """Tell whether a session of the toy's database waits for a lock."""
    async with toy.database.read() as work:
        return bool(
            await work.fetchval(
                "SELECT EXISTS (SELECT FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock')"
            )
        )
