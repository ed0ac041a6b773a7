"""What makes a repeated command one command, each with a scene that needs it."""

import asyncio

import pytest
from pydantic import BaseModel
from starlette.responses import Response

from shared.db.database import Transaction
from shared.web import commands
from shared.web.commands import Command, KeyInFlight, KeyReused
from tests.proof.safeguard import HELD, Safeguard, blocked
from tests.proof.town import command_of
from tests.support.toy import FIRM, Toy
from tests.support.waiting import until

TWICE = "a command that was sent twice is done twice"
WAITS = "a repeat waits for the first, with a connection in its hand"
MISTAKEN = "another command gets this one's answer"


class Done(BaseModel):
    """An answer."""

    note: str


async def act(work: Transaction, name: str) -> Done:
    """Have an effect."""
    await work.execute(
        "INSERT INTO effect (event_id, subject, sequence) VALUES ($1, $2, 1)", work.new_id(), FIRM
    )
    return Done(note=name)


async def send(toy: Toy, name: str) -> Response:
    """Send a command, always with the same key."""
    command = command_of(toy.database, "one-key", name.encode())
    return await command.run(lambda work: act(work, name), present=lambda done: done)


async def a_caller_sends_again(toy: Toy) -> str:
    """The answer was lost on its way, and the caller sends the same again."""
    first, again = await send(toy, "a"), await send(toy, "a")
    return HELD if len(await toy.effects()) == 1 and first.body == again.body else TWICE


async def a_caller_does_not_wait(toy: Toy) -> str:
    """The same command is sent while the first is being carried out."""
    repeats: list[asyncio.Task[Response]] = []
    waited = False

    async def slow(work: Transaction) -> Done:
        nonlocal waited
        repeat = asyncio.create_task(send(toy, "a"))
        repeats.append(repeat)

        async def answered() -> bool:
            nonlocal waited
            waited = await blocked(toy)
            return waited or repeat.done()

        await until(answered, what="the repeat is answered or waits")
        return await act(work, "a")

    command = command_of(toy.database, "one-key", b"a")
    await command.run(slow, present=lambda done: done)
    (answer,) = await asyncio.gather(*repeats, return_exceptions=True)
    if isinstance(answer, KeyInFlight):
        return HELD
    return WAITS if waited else TWICE


async def a_key_is_used_for_something_else(toy: Toy) -> str:
    """A caller sends another body with a key that it has used."""
    await send(toy, "a")
    try:
        await send(toy, "b")
    except KeyReused:
        return HELD
    return MISTAKEN


def claim_nothing(patched: pytest.MonkeyPatch) -> None:
    async def unclaimed(_command: Command, _work: Transaction) -> None:
        """Let every command pass."""

    patched.setattr(Command, "_claim_key", unclaimed)


def claim_without_lock(patched: pytest.MonkeyPatch) -> None:
    unlocked = commands.CLAIM_KEY.replace("FROM held WHERE mine", "FROM held")
    unlocked = unlocked.replace(
        "pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))", "true"
    )
    patched.setattr(commands, "CLAIM_KEY", unlocked)


def compare_nothing(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(Command, "_fingerprint", lambda _command: b"same")


COMMAND_SAFEGUARDS = (
    Safeguard("a command claims its key", a_caller_sends_again, claim_nothing, TWICE),
    Safeguard("a claim is a lock", a_caller_does_not_wait, claim_without_lock, WAITS),
    Safeguard(
        "a key belongs to one request", a_key_is_used_for_something_else, compare_nothing, MISTAKEN
    ),
)
