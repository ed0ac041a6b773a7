"""What keeps the consumer and the write path exact, each with a scene that needs it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import pytest

from shared.db import database as databases
from shared.db.database import Database, DatabaseBusy, Transaction
from shared.errors import InvariantBroken, Transient
from shared.events.envelope import Event, Received
from shared.events.registry import EnterpriseRegistered
from shared.ids import new_id
from shared.messaging import inbox, verdict
from shared.messaging.apply import Applier, PositionAhead
from shared.messaging.inbox import Watermarks
from shared.messaging.process import Process, ProcessState, advance
from shared.messaging.verdict import Verdict
from tests.proof.safeguard import HELD, Safeguard, blocked, rewrite
from tests.support.toy import FIRM, POISON_NAME, Poisoned, Toy, note
from tests.support.waiting import until

TWICE = "an event takes effect twice"
LOST = "an event has no effect"
INVERTED = "events take effect out of order"
BACK = "the stored offset goes back"
STUCK = "an event waits behind a key that is free"
HALF = "an event that is parked has an effect"
PARKED = "an event is parked for what passes by itself"
OVERWRITTEN = "a process forgets an event"
UNTRUE = "a unit of work that was rolled back is acknowledged"
LATE = "a unit of work outlives its deadline"
CURE = (
    "UPDATE parked_event SET payload = "
    "convert_to(replace(convert_from(payload, 'UTF8'), 'poison', 'cured'), 'UTF8')"
)


async def _effects(toy: Toy, wanted: Sequence[int]) -> str:
    """Compare what took effect with what should have, in order."""
    found = [sequence for sequence in await toy.effects() if sequence is not None]
    if len(found) > len(set(found)):
        return TWICE
    if set(found) != set(wanted):
        return LOST
    return HELD if found == list(wanted) else INVERTED


async def events_come_again(toy: Toy) -> str:
    """A relay that died had sent two events, and its successor sends them again."""
    await toy.applier.apply([toy.record(1), toy.record(2)])
    await toy.applier.apply([toy.record(1), toy.record(2)])
    return await _effects(toy, [1, 2])


async def an_event_overtakes_another(toy: Toy) -> str:
    """A newer event of an aggregate comes before an older one."""
    await toy.applier.apply([toy.record(1), toy.record(3), toy.record(2)])
    return await _effects(toy, [1, 2, 3])


async def an_event_without_sequence_comes_again(toy: Toy) -> str:
    """A deadline is sent twice."""
    event_id = new_id()
    await toy.applier.apply([toy.record(None, event_id=event_id)])
    await toy.applier.apply([toy.record(None, event_id=event_id)])
    return HELD if len(await toy.effects()) == 1 else TWICE


async def two_owners_have_one_partition(toy: Toy) -> str:
    """A member that was taken for dead and its successor apply the same batch."""
    await toy.applier.apply([toy.record(1)])
    inside = 0

    async def handle(work: Transaction, received: Received[Event]) -> None:
        nonlocal inside
        inside += 1

        async def other_is_here() -> bool:
            return inside > 1 or await blocked(toy)

        await until(other_is_here, what="the other owner is inside or waits")
        await note(work, received)

    applier = Applier(toy.database, "toy", {EnterpriseRegistered: handle})
    batch = [toy.record(2)]
    await asyncio.gather(applier.apply(batch), applier.apply(batch))
    return await _effects(toy, [1, 2])


async def a_stale_owner_applies_an_old_batch(toy: Toy) -> str:
    """A member wakes up with the first record of what its successor has applied."""
    batch = [toy.record(number) for number in (1, 2, 3)]
    await toy.applier.apply(batch)
    await toy.applier.apply(batch[:1])
    return HELD if await toy.next_offset() == 3 else BACK


async def a_member_reads_from_too_far_ahead(toy: Toy) -> str:
    """A member stands behind what nobody has applied yet; refused, it goes back."""
    batch = [toy.record(None) for _ in range(6)]
    await toy.applier.apply(batch[:1], position=0)
    try:
        await toy.applier.apply(batch[5:], position=5)
    except PositionAhead:
        await toy.applier.apply(batch[1:], position=1)
    return HELD if len(await toy.effects()) == 6 else LOST


async def an_event_comes_during_a_redrive(toy: Toy) -> str:
    """The live consumer meets a key that is being redriven."""
    first = toy.record(1, name=POISON_NAME)
    await toy.applier.apply([first])
    async with toy.database.transaction() as work:
        await work.execute(CURE)
    started, arrived = asyncio.Event(), asyncio.Event()

    async def handle(work: Transaction, received: Received[Event]) -> None:
        started.set()

        async def other_is_here() -> bool:
            return arrived.is_set() or await blocked(toy)

        await until(other_is_here, what="the next event is applied or waits")
        await note(work, received)

    applier = Applier(toy.database, "toy", {EnterpriseRegistered: handle})
    redriving = asyncio.create_task(applier.redrive(first.topic, FIRM))
    await started.wait()
    await toy.applier.apply([toy.record(2)])
    arrived.set()
    await redriving
    return HELD if await toy.effects() == [1, 2] else STUCK


async def an_event_follows_a_parked_one(toy: Toy) -> str:
    """A key has a parked event, without sequence; the next one of the key is fine."""
    first, second = new_id(), new_id()
    poisoned = toy.record(None, name=POISON_NAME, event_id=first)
    await toy.applier.apply([poisoned])
    await toy.applier.apply([toy.record(None, event_id=second)])
    async with toy.database.transaction() as work:
        await work.execute(CURE)
    await toy.applier.redrive(poisoned.topic, FIRM)
    async with toy.database.read() as work:
        rows = await work.fetch("SELECT event_id FROM effect ORDER BY place")
    return HELD if [row["event_id"] for row in rows] == [first, second] else INVERTED


async def a_handler_fails_halfway(toy: Toy) -> str:
    """A handler writes, and then finds that it must refuse."""

    async def handle(work: Transaction, received: Received[Event]) -> None:
        await note(work, received)
        raise Poisoned("found out too late")

    await Applier(toy.database, "toy", {EnterpriseRegistered: handle}).apply([toy.record(1)])
    return HELD if await toy.effects() == [] else HALF


async def a_watermark_is_saved_late(toy: Toy) -> str:
    """A watermark that was read earlier is saved after a newer one."""
    stale, aggregate = Watermarks("toy"), EnterpriseRegistered.aggregate()
    async with toy.database.transaction() as work:
        await stale.load(work, [(aggregate, FIRM)])
    await toy.applier.apply([toy.record(1), toy.record(2)])
    async with toy.database.transaction() as work:
        stale.advance(aggregate, FIRM, 1)
        await stale.save(work)
    await toy.applier.apply([toy.record(2)])
    return await _effects(toy, [1, 2])


async def a_lock_is_not_to_be_had(toy: Toy) -> str:
    """A handler loses a row to another unit of work, twice."""
    lost = [DatabaseBusy("somebody else was there first") for _ in range(2)]

    async def handle(work: Transaction, received: Received[Event]) -> None:
        if lost:
            raise lost.pop()
        await note(work, received)

    applier, batch = Applier(toy.database, "toy", {EnterpriseRegistered: handle}), [toy.record(1)]
    for _ in range(3):
        with suppress(Transient):
            await applier.apply(batch)
    return HELD if await toy.effects() == [1] else PARKED


class Tally(ProcessState):
    """A process that counts."""

    events: int = 0


async def _nothing(_work: Transaction, _command: object) -> None:
    """No command is ever given."""


TALLY: Process[Tally, str, object] = Process(
    "tally",
    Tally,
    begin=lambda _: Tally(),
    react=lambda state, _: (Tally(events=state.events + 1), []),
    perform=_nothing,
    remind=lambda _: None,
)


async def two_events_begin_one_process(toy: Toy) -> str:
    """Two units of work find no process and begin it; who comes too late tries again."""

    async def take() -> None:
        try:
            async with toy.database.transaction() as work:
                await advance(work, TALLY, FIRM, "second")
        except InvariantBroken:
            async with toy.database.transaction() as work:
                await advance(work, TALLY, FIRM, "second")

    async with toy.database.transaction() as work:
        await advance(work, TALLY, FIRM, "first")
        second = asyncio.create_task(take())
        await until(lambda: blocked(toy), what="the second waits for the first")
    await second
    async with toy.database.read() as work:
        state = await work.fetchval("SELECT state FROM process")
    return HELD if state["events"] == 2 else OVERWRITTEN


async def a_use_case_swallows_an_error(toy: Toy) -> str:
    """A statement fails, the code goes on, and the commit becomes a rollback."""
    acknowledged = True
    try:
        async with toy.database.transaction() as work:
            await work.execute(
                "INSERT INTO effect (event_id, subject, sequence) VALUES ($1, $2, 1)",
                work.new_id(),
                FIRM,
            )
            with suppress(asyncpg.DataError):
                await work.execute("SELECT 1 / 0")
    except InvariantBroken:
        acknowledged = False
    return UNTRUE if acknowledged and await toy.effects() != [1] else HELD


async def a_statement_takes_too_long(toy: Toy) -> str:
    """The server is slower than the caller can wait."""
    began = time.monotonic()
    try:
        async with toy.database.transaction(deadline_s=0.3) as work:
            await work.execute("SELECT pg_sleep(2)")
    except Transient:
        pass
    return HELD if time.monotonic() - began < 1.5 else LATE


class _Forgetful(int):
    """A watermark that is below every sequence."""

    def __ge__(self, other: object) -> bool:
        return False


class _Boundless(int):
    """A watermark after which any sequence is the next."""

    def __add__(self, other: int) -> int:
        return 10**9


def _watermarks_as(kind: type[int], patched: pytest.MonkeyPatch) -> None:
    last = Watermarks.last
    patched.setattr(Watermarks, "last", lambda self, *pair: kind(last(self, *pair)))


def forget_what_was_applied(patched: pytest.MonkeyPatch) -> None:
    _watermarks_as(_Forgetful, patched)


def allow_gaps(patched: pytest.MonkeyPatch) -> None:
    _watermarks_as(_Boundless, patched)


def see_everything_first(patched: pytest.MonkeyPatch) -> None:
    async def first(*_args: object) -> bool:
        return True

    patched.setattr(inbox, "first_sight", first)


def leave_the_fence_unlocked(patched: pytest.MonkeyPatch) -> None:
    rewrite(patched, "AND partition = $3 FOR UPDATE", "AND partition = $3")


def believe_the_reader(patched: pytest.MonkeyPatch) -> None:
    async def no_fence(*_args: object) -> int:
        return 0

    patched.setattr(inbox, "fence", no_fence)


def ask_for_no_position(patched: pytest.MonkeyPatch) -> None:
    attempt = Applier._attempt

    async def anywhere(applier: Applier, *batch: Any, position: object, **how: Any) -> object:  # noqa: ANN401 -- handed on
        del position
        return await attempt(applier, *batch, **how)

    patched.setattr(Applier, "_attempt", anywhere)


def leave_parked_keys_unlocked(patched: pytest.MonkeyPatch) -> None:
    rewrite(patched, "ORDER BY key FOR UPDATE", "ORDER BY key")


def let_events_pass_parked_ones(patched: pytest.MonkeyPatch) -> None:
    begin = Applier._begin

    async def unaware(applier: Applier, *args: Any, **how: Any) -> object:  # noqa: ANN401 -- handed on
        batch = await begin(applier, *args, **how)
        batch.parked.clear()
        return batch

    patched.setattr(Applier, "_begin", unaware)


def save_no_points(patched: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def nothing(_work: Transaction) -> AsyncIterator[None]:
        yield

    patched.setattr(Transaction, "savepoint", nothing)


def let_watermarks_sink(patched: pytest.MonkeyPatch) -> None:
    guard = " WHERE consumer_watermark.last_sequence < excluded.last_sequence"
    rewrite(patched, guard, "")


def park_what_passes(patched: pytest.MonkeyPatch) -> None:
    patched.setitem(verdict.KINDS, Transient, Verdict.PARK)


def save_any_version(patched: pytest.MonkeyPatch) -> None:
    rewrite(patched, " WHERE process.version = excluded.version - 1", "")


def believe_every_commit(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(databases, "ensure", lambda *_: None)


def wait_for_ever(patched: pytest.MonkeyPatch) -> None:
    connection = Database._connection
    patched.setattr(Database, "_connection", lambda self, _deadline_s: connection(self, 60.0))


CONSUMER_SAFEGUARDS = (
    Safeguard(
        "a watermark remembers what was applied",
        events_come_again,
        forget_what_was_applied,
        TWICE,
    ),
    Safeguard("a gap holds its key", an_event_overtakes_another, allow_gaps, LOST),
    Safeguard(
        "the inbox remembers events without sequence",
        an_event_without_sequence_comes_again,
        see_everything_first,
        TWICE,
    ),
    Safeguard(
        "the stored offset is locked",
        two_owners_have_one_partition,
        leave_the_fence_unlocked,
        TWICE,
    ),
    Safeguard(
        "records below the stored offset are refused",
        a_stale_owner_applies_an_old_batch,
        believe_the_reader,
        BACK,
    ),
    Safeguard(
        "a batch from beyond the stored offset is refused",
        a_member_reads_from_too_far_ahead,
        ask_for_no_position,
        LOST,
    ),
    Safeguard(
        "a parked key is locked",
        an_event_comes_during_a_redrive,
        leave_parked_keys_unlocked,
        STUCK,
    ),
    Safeguard(
        "events queue behind a parked one",
        an_event_follows_a_parked_one,
        let_events_pass_parked_ones,
        INVERTED,
    ),
    Safeguard("each event has a savepoint", a_handler_fails_halfway, save_no_points, HALF),
    Safeguard("a watermark only rises", a_watermark_is_saved_late, let_watermarks_sink, TWICE),
    Safeguard("what passes is tried again", a_lock_is_not_to_be_had, park_what_passes, PARKED),
    Safeguard(
        "a process is saved over the version that was read",
        two_events_begin_one_process,
        save_any_version,
        OVERWRITTEN,
    ),
    Safeguard(
        "a commit is believed by its answer",
        a_use_case_swallows_an_error,
        believe_every_commit,
        UNTRUE,
    ),
    Safeguard("a unit of work has a deadline", a_statement_takes_too_long, wait_for_ever, LATE),
)
