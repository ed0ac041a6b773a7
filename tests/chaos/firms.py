"""Clients of registry: they enter firms, rename them and record figures about them.

Every command carries its own number, in the firm's name or as its sales, so that each event on the
wire can be traced to the one command that may have caused it.
"""

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass

from shared.uscc import with_checks
from tests.chaos.history import History, Json, Operation, Outcome

BY = "dept-kj"
FIRMS_EACH = 6
SHARED_FIRMS = 3
CHAINS = ("new_energy", "biomedicine", "petrochemical")
MARK = "chaos firm "
CODES = "91320706MB"
"""How the codes of these clients' firms begin: no other firm's does."""


def uscc_of(number: int) -> str:
    """Return the valid code of the firm of this number."""
    return with_checks("91320706", f"MB{number:06d}")


@dataclass(slots=True)
class Firm:
    """What a client knows of a firm."""

    uscc: str
    version: int = 0
    pending: Operation | None = None
    owned: bool = True


class FirmClients:
    """Several clients, each with firms of its own, and a few firms that all of them change."""

    def __init__(self, history: History, *, clients: int, pause_s: float) -> None:
        """``pause_s`` is the mean time between a client's commands."""
        self.history = history
        self._pause_s = pause_s
        self._firms = [
            [Firm(uscc_of(client * FIRMS_EACH + place)) for place in range(FIRMS_EACH)]
            for client in range(clients)
        ]
        self._shared = [
            Firm(uscc_of(900_000 + place), owned=False) for place in range(SHARED_FIRMS)
        ]
        self.by_number: dict[int, Operation] = {}
        self.violations: list[str] = []

    async def run(self, *, seed: str) -> None:
        """Let every client work until cancelled; the seed decides what each asks in turn."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(len(self._firms)):
                rng = random.Random(f"{seed}/client/{number}")
                tasks.create_task(self._work(number, rng))

    async def _work(self, number: int, rng: random.Random) -> None:
        while True:
            await asyncio.sleep(rng.expovariate(1 / self._pause_s))
            firm = rng.choice(self._shared if rng.random() < 0.15 else self._firms[number])
            chain, rename = rng.choice(CHAINS), rng.random() < 0.3
            if firm.pending is not None:
                await self._settle(firm)
                continue
            await self._change(number, firm, chain=chain, rename=rename)

    async def _change(self, number: int, firm: Firm, *, chain: str, rename: bool) -> None:
        mark = self.history.next_number()
        client = f"firms-{number}"
        if rename or firm.version == 0:
            body: Json = {
                "uscc": firm.uscc,
                "name": f"{MARK}{mark}",
                "region": "320706",
                "chain": chain,
            }
            operation = self.history.invoke(
                client, "registry:/v1/enterprises", by=BY, body=body, number=mark
            )
        else:
            body = {"staff": mark % 1000, "sales_fen": mark, "tax_grade": "A"}
            operation = self.history.invoke(
                client,
                f"registry:/v1/enterprises/{firm.uscc}/profile",
                by=BY,
                body=body,
                if_match=firm.version,
                number=mark,
            )
        self.by_number[mark] = operation
        if firm.owned:
            firm.pending = operation
            await self._settle(firm)
        else:
            await self._race(firm, operation)

    async def _settle(self, firm: Firm) -> None:
        """Send a firm's open command once more; its client asks nothing else of it meanwhile."""
        operation = firm.pending
        if operation is None:
            return
        outcome = await self.history.attempt(operation)
        if outcome is Outcome.UNKNOWN:
            return
        firm.pending = None
        if outcome is Outcome.OK:
            self._learn(firm, operation)
        else:
            said = operation.answer.decode()[:300]
            self.violations.append(
                f"I2 {firm.uscc}: only its client changes it, and operation {operation.number} "
                f"was refused: {said}"
            )

    async def _race(self, firm: Firm, operation: Operation) -> None:
        """Change a firm that others change as well: a refusal is then a lost race."""
        if await self.history.attempt(operation) is Outcome.OK:
            self._learn(firm, operation)
            return
        found = await self.history.look(f"registry:/v1/enterprises/{firm.uscc}", by=BY)
        if found is not None:
            firm.version = max(firm.version, found["version"])

    def _learn(self, firm: Firm, operation: Operation) -> None:
        version: int = operation.told["version"]
        if firm.owned and version != firm.version + 1:
            self.violations.append(
                f"I2 {firm.uscc}: operation {operation.number} made version {version} "
                f"of version {firm.version}"
            )
        firm.version = max(firm.version, version)

    async def settle_all(self) -> None:
        """Learn what became of every command whose answer was lost; the faults are over."""
        for firm in (firm for firms in self._firms for firm in firms):
            while firm.pending is not None:
                await self._settle(firm)
                if firm.pending is not None:
                    await asyncio.sleep(0.2)
        for operation in self.by_number.values():
            if operation.outcome is Outcome.UNKNOWN:
                await self.history.carry_out(operation)

    def acknowledged_versions(self) -> dict[str, dict[int, list[int]]]:
        """Return, per firm and version, the numbers of the commands that were told so."""
        found: defaultdict[str, defaultdict[int, list[int]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for number, operation in self.by_number.items():
            if operation.outcome is Outcome.OK:
                told = operation.told
                found[told["uscc"]][told["version"]].append(number)
        return {uscc: dict(versions) for uscc, versions in found.items()}
