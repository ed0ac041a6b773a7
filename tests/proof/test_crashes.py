"""A process killed at every point of the kernel's paths: after each, every invariant holds."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.proof import town
from tests.proof.sweep import Sweep, answer_of, flat, sweep_on
from tests.proof.victims import PATHS
from tests.support.databases import Databases

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("topics")]

LISTED = Path(__file__).with_name("points.txt")
POINTS = LISTED.read_text(encoding="utf-8").split()


@pytest.fixture(scope="module")
async def sweep(databases: Databases, stack: Stack, topics: None) -> AsyncIterator[Sweep]:
    """One town for all crashes."""
    async with sweep_on(databases, stack.bootstrap_servers, run=30) as made:
        yield made


async def write(sweep: Sweep, point: str | None) -> list[str]:
    """A transfer, whose caller sends it again with the same key (I8)."""
    payer, payee = await sweep.open_accounts(2)
    body = town.Transfer(payer=payer, payee=payee, amount_fen=700)
    points = await sweep.crash("write", point, f"key-{payer}", body)
    sweep.booked.update([payer, payee])

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
    """A parked key whose cause is mended, replayed in several transactions."""
    (account,) = await sweep.open_accounts(1)
    await sweep.book((account, town.POISON), *((account, "0") for _ in range(4)))
    await sweep.settle()
    assert await sweep.parked_keys() == [account]
    await sweep.cure()
    points = await sweep.crash("redrive", point, account)
    await sweep.appliers[0].redrive(town.TOPIC, account)
    return points


SCENES: dict[str, Callable[[Sweep, str | None], Awaitable[list[str]]]] = {
    "write": write,
    "relay": relay,
    "consume": consume,
    "process": process,
    "park": park,
    "redrive": redrive,
}


@pytest.mark.timeout(120)
class TestCrash:
    async def test_points_are_all_listed(self, sweep: Sweep) -> None:
        assert SCENES.keys() == PATHS.keys()
        found = []
        for scene in SCENES.values():
            found += await scene(sweep, None)
            await sweep.settle()
            assert await sweep.broken() == []

        new, gone = sorted(set(found) - set(POINTS)), sorted(set(POINTS) - set(found))

        assert (new, gone) == ([], []), f"{LISTED.name} needs {new} and not {gone}"
        assert len(POINTS) == len(set(POINTS)) >= 30

    @pytest.mark.parametrize("point", POINTS)
    async def test_leaves_every_invariant_whole(self, sweep: Sweep, point: str) -> None:
        await SCENES[point.partition("/")[0]](sweep, point)
        await sweep.settle()

        assert await sweep.broken() == []
        assert await sweep.parked_keys() == []
