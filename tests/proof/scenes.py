"""The scene of each path of the crash sweep: what is there, who dies, who comes after."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from shared.messaging import requests
from shared.operations.asking import ask_redrive
from shared.operations.redrive import Selection
from tests.proof import town
from tests.proof.sweep import Sweep, answer_of, flat
from tests.proof.victims import operator_of

LISTED = Path(__file__).with_name("points.txt")
POINTS = tuple(LISTED.read_text(encoding="utf-8").split())
"""Every point, by name: a new statement on a path is a new line here."""

LEAVES_THE_PROCESS = ("commit", "send-batch", "start-producer", "commit-offsets", "outbox", "begin")


def differs(point: str) -> bool:
    """Tell whether a crash there leaves another state than one just after the statement before.

    Before a statement inside a transaction nothing has happened since the last answer.
    """
    side, _, name = point.partition("/")[2].partition(":")
    return side == "after" or name.startswith(LEAVES_THE_PROCESS) or name.endswith("-outbox")


async def write(sweep: Sweep, point: str | None) -> list[str]:
    """A transfer, whose caller sends it again with the same key (I8)."""
    payer, payee = await sweep.open_accounts(2)
    body = town.Transfer(payer=payer, payee=payee, amount_fen=700)
    sweep.booked.update([payer, payee])
    points = await sweep.crash("write", point, f"key-{payer}", body)

    first = await answer_of(sweep, f"key-{payer}", body)
    again = await answer_of(sweep, f"key-{payer}", body)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.body == first.body
    assert again.headers["idempotency-replayed"] == "true"
    return points


async def relay(sweep: Sweep, point: str | None) -> list[str]:
    """A backlog on several partitions, and a promise that is due."""
    accounts = await sweep.open_accounts(3)
    await sweep.relay_off()
    await sweep.book(*((account, "0") for account in accounts), (accounts[0], "0"))
    points = await sweep.crash("relay", point)
    sweep.relay_on()
    return points


async def consume(sweep: Sweep, point: str | None) -> list[str]:
    """A member of the group, from its assignment to the offset it tells the broker."""
    (account,) = await sweep.open_accounts(1)
    await sweep.book((account, "0"), (account, "0"))
    batches = await sweep.arrived(3)
    ends = {partition: batch[-1].offset + 1 for partition, batch in batches.items()}
    return await sweep.crash("consume", point, f"victim.{account}", ends)


async def process(sweep: Sweep, point: str | None) -> list[str]:
    """An event that advances a process, which publishes and sets a deadline."""
    (account,) = await sweep.open_accounts(1)
    await sweep.book((account, "0"))
    return await sweep.crash("process", point, flat(await sweep.arrived(2)))


async def park(sweep: Sweep, point: str | None) -> list[str]:
    """An event that cannot be applied, one before it, and one that queues behind it."""
    (account,) = await sweep.open_accounts(1)
    await sweep.book((account, "0"), (account, town.POISON), (account, "0"))
    points = await sweep.crash("park", point, flat(await sweep.arrived(4)))
    await sweep.settle()
    assert await sweep.parked_keys() == [account]
    assert await sweep.broken() == []
    await sweep.cure()
    await sweep.appliers[0].redrive(town.TOPIC, account)
    return points


async def redrive(sweep: Sweep, point: str | None) -> list[str]:
    """A redrive that one person asked for and another approved, of a long parked key."""
    (account,) = await sweep.open_accounts(1)
    await sweep.book((account, town.POISON), *((account, "0") for _ in range(4)))
    await sweep.settle()
    assert await sweep.parked_keys() == [account]
    await sweep.cure()
    operator = operator_of(sweep.place, sweep.database)
    chosen = Selection(topic=town.TOPIC, key=account)
    async with sweep.database.transaction() as work:
        asked = await ask_redrive(work, operator, chosen, reason="mended", by="first")
    async with sweep.database.transaction() as work:
        await requests.decide(work, asked.id, approve=True, by="second")
    points = await sweep.crash("redrive", point)
    await operator.carry_out_approved()
    (operation,) = await sweep.rows("SELECT state FROM operation WHERE id = $1", asked.id)
    assert operation["state"] == "done"
    assert await sweep.told_of(asked.id) == 1
    return points


SCENES: dict[str, Callable[[Sweep, str | None], Awaitable[list[str]]]] = {
    "write": write,
    "relay": relay,
    "consume": consume,
    "process": process,
    "park": park,
    "redrive": redrive,
}


async def crash_at(sweep: Sweep, point: str) -> list[str]:
    """Crash at a point, let clean processes go on, and return what is broken then."""
    await SCENES[point.partition("/")[0]](sweep, point)
    await sweep.settle()
    held = [f"{key} is still parked" for key in await sweep.parked_keys()]
    return [*await sweep.broken(), *held]
