"""The processes of the proof, forked from one that has imported everything: writers, relays, ….

A child ends when the process that asked for it does, so that nothing outlives the proof.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from typing import Any

import structlog
import uvloop

from shared import clock
from shared.db.database import Database
from shared.events.registry import EnterpriseRegistered
from shared.messaging.apply import Applier
from shared.messaging.consumer import Consumer
from shared.messaging.kafka import KafkaSettings
from shared.messaging.relay import Relay
from tests.proof import load
from tests.support.waiting import until

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["pytest", "tests.proof.interleavings", "tests.proof.victims"])
"""A child also imports what its parent was started as: pytest, or the program of the proof."""

Role = Callable[..., Coroutine[None, None, object]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process of the proof works."""

    dsn: str
    bootstrap_servers: str
    consumer: str
    run: int


async def write(place: Place, *, seed: str, writers: int, events: int) -> load.Written:
    """Write, and say what was written."""
    database = Database(place.dsn, max_connections=writers)
    await database.open()
    try:
        return await load.write(database, run=place.run, seed=seed, writers=writers, events=events)
    finally:
        await database.close()


async def relay(place: Place) -> None:
    """Relay until killed."""
    settings = KafkaSettings(place.bootstrap_servers, "proof-relay")
    await Relay(place.dsn, settings, wake=asyncio.Event(), read_clock=clock.now).run()


async def consume(place: Place) -> None:
    """Consume until killed."""
    database = Database(place.dsn)
    await database.open()
    applier = Applier(database, place.consumer, {EnterpriseRegistered: load.note})
    settings = KafkaSettings(place.bootstrap_servers, "proof-consumer")
    await Consumer(database, applier, settings, [load.TOPIC]).run()


class Child:
    """One forked process."""

    def __init__(self, role: Role, *arguments: object, **named: object) -> None:
        """Fork a process that runs the role."""
        self._answer, to_parent = _FORKS.Pipe(duplex=False)
        self._process: ForkServerProcess = _FORKS.Process(
            target=_run, args=(to_parent, role, arguments, named), daemon=True
        )
        self._process.start()
        to_parent.close()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid or 0

    @property
    def alive(self) -> bool:
        """Tell whether it has not ended."""
        return self._process.is_alive()

    async def ended(self, *, within_s: float = 60.0) -> int:
        """Wait for the end; returns the exit code, negative for a signal."""

        async def gone() -> bool:
            return not self._process.is_alive()

        await until(gone, what=f"process {self.pid} ends", deadline_s=within_s)
        return self._process.exitcode or 0

    async def answer(self, *, within_s: float = 600.0) -> Any:  # noqa: ANN401 -- the role's own
        """Wait for the end and return what the role returned; None if it was killed."""
        answer = None

        async def heard() -> bool:
            nonlocal answer
            if not self._answer.poll():
                return not self._process.is_alive() and not self._answer.poll()
            try:
                answer = self._answer.recv()
            except EOFError:
                return True
            return True

        await until(heard, what=f"process {self.pid} answers", deadline_s=within_s)
        await self.ended()
        return answer

    def hurt(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    async def end(self) -> None:
        """Kill it if it still runs."""
        if self._process.is_alive():
            self._process.kill()
        await self.ended()


def _run(
    to_parent: Connection, role: Role, arguments: tuple[object, ...], named: dict[str, object]
) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    be_quiet()
    to_parent.send(uvloop.run(role(*arguments, **named)))


def be_quiet() -> None:
    """Say nothing of a broker that is away: it is away on purpose, for minutes."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
