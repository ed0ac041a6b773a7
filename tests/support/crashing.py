"""A relay or a consumer in a child process that kills itself at one named step.

``python -m tests.support.crashing relay DSN BOOTSTRAP after-ack`` dies by SIGKILL after the broker
acknowledged a page and before its rows are deleted; ``consumer … before-commit`` dies after a
handler wrote its effect and before the commit. Without a step they run until they are ended.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from shared import clock
from shared.db.database import Database, Transaction
from shared.events.envelope import Event, Received
from shared.events.registry import EnterpriseRegistered
from shared.messaging.apply import Applier
from shared.messaging.consumer import Consumer
from shared.messaging.kafka import KafkaSettings
from shared.messaging.leases import Lease
from shared.messaging.relay import Relay
from tests.support.toy import note


def die() -> None:
    """End this process as a crash would: nothing is flushed, closed or rolled back."""
    os.kill(os.getpid(), signal.SIGKILL)


class CrashingLease(Lease):
    """Dies where rows would be deleted."""

    async def delete(self, positions: Sequence[int]) -> None:
        die()


async def note_and_die(work: Transaction, received: Received[Event]) -> None:
    """Write the effect, then die before the transaction commits."""
    await note(work, received)
    die()


async def run_relay(dsn: str, bootstrap_servers: str, step: str) -> None:
    lease = CrashingLease if step == "after-ack" else Lease
    relay = Relay(
        dsn,
        KafkaSettings(bootstrap_servers, "test-relay"),
        wake=asyncio.Event(),
        read_clock=clock.now,
        open_lease=lease.open,
    )
    await relay.run()


async def run_consumer(dsn: str, bootstrap_servers: str, step: str) -> None:
    database = Database(dsn)
    await database.open()
    handler = note_and_die if step == "before-commit" else note
    applier = Applier(database, "toy", {EnterpriseRegistered: handler})
    settings = KafkaSettings(bootstrap_servers, "test-consumer")
    await Consumer(database, applier, settings, [EnterpriseRegistered.topic()]).run()


if __name__ == "__main__":
    role, *arguments = sys.argv[1:]
    asyncio.run({"relay": run_relay, "consumer": run_consumer}[role](*arguments))
