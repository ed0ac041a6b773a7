"""Processes that walk one path of the kernel and kill themselves at a named point of it.

The kernel has no hook for this: the child wraps the driver's and the client's own methods, so that
each statement, batch and offset commit is a point before it is sent and one after its answer. A
point is named after what is sent; of several equal ones the first counts, and of commits the first
two. Without a point to die at, a walk returns the points that it passed.
"""

import asyncio
import os
import re
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from typing import Any

import asyncpg

from shared import clock
from shared.db import waking
from shared.db.database import Database
from shared.messaging import apply, kafka, limits
from shared.messaging.consumer import Consumer
from shared.messaging.kafka import AIOKafkaConsumer, AIOKafkaProducer, KafkaSettings
from shared.messaging.records import Record
from shared.messaging.relay import Relay
from shared.operations.operator import Operator
from tests.proof import town
from tests.proof.worker import Place
from tests.support.waiting import until

STATEMENTS = ("execute", "executemany", "fetch", "fetchrow", "fetchval")
FIXED = (
    (r"^(BEGIN|COMMIT|SAVEPOINT|ROLLBACK TO SAVEPOINT|ROLLBACK)\b", None),
    (r"^SET CONSTRAINTS", "release savepoint"),
    (r"pg_try_advisory_lock\(", "take leases"),
    (r"pg_snapshot_xmin", "oldest xid"),
    (r"outbox_position_seq", "last position"),
    (r"^SELECT pg_current_xact_id", "own xid"),
)
NEVER = (waking.NOTIFY,)
"""Sent at no fixed moment, beside the path, and lost without consequence."""
DATA = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM|FROM)\s+(\w+)", re.IGNORECASE)
VERBS = {"insert into": "insert", "update": "update", "delete from": "delete", "from": "select"}

_ON_PATH: ContextVar[bool] = ContextVar("on_path", default=False)


def name_of(sql: str) -> str:
    """Name a statement by what it does to which table."""
    text = " ".join(sql.split())
    for pattern, name in FIXED:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return (name or found[0].lower()).replace(" ", "-")
    found = DATA.search(text)
    if found is None:
        return text.split(" ", 1)[0].lower()
    verb = VERBS[found[1].lower()]
    if verb == "select" and text.endswith("FOR UPDATE"):
        verb = "lock"
    return f"{verb}-{found[2].lower()}"


class Trail:
    """The points of one walk, in order, and the one at which it ends."""

    def __init__(self, path: str, dies_at: str | None) -> None:
        """``dies_at`` is a whole name, such as ``relay/after:delete-outbox``."""
        self._path = path
        self._dies_at = dies_at
        self.points: list[str] = []

    def pass_by(self, side: str, name: str) -> None:
        """Note a point, and die if it is the one."""
        point = f"{self._path}/{side}:{name}"
        if not _ON_PATH.get():
            return
        if point in self.points and name == "commit":
            point += "-2"
        if point in self.points:
            return
        self.points.append(point)
        if point == self._dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Wrap what sends."""
        for method in STATEMENTS:
            setattr(
                asyncpg.Connection, method, self._statement(getattr(asyncpg.Connection, method))
            )
        self._wrap(AIOKafkaProducer, "start", "start-producer")
        self._wrap(AIOKafkaConsumer, "commit", "commit-offsets")
        send_batch = AIOKafkaProducer.send_batch

        async def send(producer: object, *args: object, **named: object) -> object:
            self.pass_by("before", "send-batch")
            acknowledged: asyncio.Future[object] = await send_batch(producer, *args, **named)
            self.pass_by("after", "send-batch")
            acknowledged.add_done_callback(lambda _: self.pass_by("after", "acknowledgement"))
            return acknowledged

        AIOKafkaProducer.send_batch = send

    def _wrap(self, owner: type, method: str, name: str) -> None:
        setattr(owner, method, self._around(getattr(owner, method), lambda *_: name))

    def _statement(self, method: Callable[..., Awaitable[object]]) -> Callable[..., Any]:
        return self._around(
            method, lambda sql, *_: None if sql in NEVER or "pg_type" in sql else name_of(sql)
        )

    def _around(
        self, method: Callable[..., Awaitable[object]], name: Callable[..., str | None]
    ) -> Callable[..., Any]:
        async def around(owner: object, *args: object, **named: object) -> object:
            called = name(*args)
            if called is None:
                return await method(owner, *args, **named)
            self.pass_by("before", called)
            answer = await method(owner, *args, **named)
            self.pass_by("after", called)
            return answer

        return around


async def walk(place: Place, path: str, dies_at: str | None, *args: object) -> list[str]:
    """Walk a path; returns the points passed, if it comes to its end."""
    trail = Trail(path, dies_at)
    trail.install()
    _ON_PATH.set(True)
    database = Database(place.dsn)
    await database.open()
    await PATHS[path](place, database, *args)
    return trail.points


async def _off_path(question: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for something with statements that are no points."""

    async def asked() -> bool:
        _ON_PATH.set(False)
        return await question()

    async def wait() -> None:
        await until(asked, what=what, deadline_s=60)

    await asyncio.create_task(wait())


async def _write(_place: Place, database: Database, key: str, body: town.Transfer) -> None:
    await town.send_command(database, key, body)


async def _relay(place: Place, database: Database) -> None:
    limits.LEASE_CHECK_S = limits.RELEASE_EVERY_S = 0.0  # every statement in every round
    settings = KafkaSettings(place.bootstrap_servers, "victim")
    relay = Relay(place.dsn, settings, wake=asyncio.Event(), read_clock=clock.now)
    relaying = asyncio.create_task(relay.run())

    async def drained() -> bool:
        async with database.read() as work:
            return bool(
                await work.fetchval(
                    "SELECT NOT EXISTS (SELECT FROM outbox) "
                    "AND NOT EXISTS (SELECT FROM outbox_scheduled)"
                )
            )

    await _off_path(drained, "the victim's outbox is empty")
    relaying.cancel()


async def _consume(place: Place, database: Database, group: str, ends: dict[int, int]) -> None:
    build = kafka.consumer

    def of_its_own(settings: KafkaSettings, **_named: str) -> AIOKafkaConsumer:
        return build(settings, group=group)

    # A member that was killed keeps its partitions for a while: each victim has its own group.
    kafka.consumer = of_its_own
    settings = KafkaSettings(place.bootstrap_servers, "victim")
    consumer = Consumer(database, town.ledger(database, place.consumer), settings, [town.TOPIC])
    advised: dict[int, int] = {}
    consuming = asyncio.create_task(consumer.run())

    async def there() -> bool:
        client = consumer._client
        if client is None or not consumer._positioned.is_set():
            return False
        for partition in client.assignment():
            advised[partition.partition] = await client.committed(partition) or 0
        return all(advised.get(partition, 0) >= end for partition, end in ends.items())

    await _off_path(there, "the victim has told the broker how far it is")
    consuming.cancel()


async def _process(place: Place, database: Database, batch: Sequence[Record]) -> None:
    await town.clerk(database, place.consumer).apply(batch, position=batch[0].offset)


async def _park(place: Place, database: Database, batch: Sequence[Record]) -> None:
    await town.ledger(database, place.consumer).apply(batch, position=batch[0].offset)


async def _redrive(place: Place, database: Database) -> None:
    apply.DRAIN_RECORDS = 2  # so that one key takes several transactions
    await operator_of(place, database).carry_out_approved()


def operator_of(place: Place, database: Database) -> Operator:
    """Who carries out what was asked for and approved."""
    return Operator(
        service="registry",
        database=database,
        applier=town.ledger(database, place.consumer),
        kafka=KafkaSettings(place.bootstrap_servers, "operator"),
        dsn=place.dsn,
        read_clock=clock.now,
    )


PATHS: dict[str, Callable[..., Awaitable[None]]] = {
    "write": _write,
    "relay": _relay,
    "consume": _consume,
    "process": _process,
    "park": _park,
    "redrive": _redrive,
}
