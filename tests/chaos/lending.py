"""Clients of the lending chain: demands, offers, loans, enrolments, repayments and some claims.

A case takes its steps one after the other, each repeated under its key until its outcome is known;
between them it waits for what other services say. Others pay capital into a fund, a command that
asks for no version: carried out twice, it would be money from nowhere.
"""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import StringIO

from rich.console import Console

from deploy.local.clients import CLIENTS
from deploy.local.journeys.city import City
from deploy.local.journeys.loading import load
from deploy.local.journeys.stage import BANK, GUARANTOR, NFGF, SCITECH, Stage
from deploy.local.journeys.timeline import Wire
from shared import clock
from shared.clock import business_date
from tests.chaos.history import History, Json, Operation, Outcome
from tests.chaos.world import World

PORTAL = "enterprise-portal"
EVIDENCE = "0f" * 32
SOON_S = 0.5
FIRMS = (
    "91320706MAYL00016Y",
    "91320706MAYL00024R",
)
REFERENCE = "chaos-"


class CaseEnds(Exception):
    """A step was refused, which may be right: the checks look at what is there."""


@dataclass(slots=True)
class Case:
    """One loan's story as its clients know it."""

    number: int
    operations: list[Operation] = field(default_factory=list)


async def prepare(world: World) -> None:
    """Hand the example city's files to the services, and let the firms consent to the bank."""
    clients: Mapping[str, Json] = {
        name: {"org": client.org, "token": world.issuer.token(name)}
        for name, client in CLIENTS.items()
    }
    city = City({name: world.url(name) for name in world.names}, clients)  # type: ignore[arg-type]  # a TypedDict of the same shape
    stage = Stage(city, Wire(world.broker.bootstrap_servers), Console(file=StringIO()))
    try:
        await load(stage)
        for firm in FIRMS:
            body = {
                "uscc": firm,
                "grantee": BANK,
                "purpose": "credit_assessment",
                "feeds": ["enterprise-profiles"],
                "evidence_sha256": EVIDENCE,
                "valid_from": str(stage.today - timedelta(days=2)),
                "valid_to": str(stage.today + timedelta(days=365)),
            }
            await city.post("registry:/v1/consents", by=PORTAL, body=body)
    finally:
        await stage.wire.stop()
        await city.close()


class LendingClients:
    """Several clients, each with one case at a time, and one that pays capital in."""

    def __init__(self, history: History, *, clients: int, pause_s: float) -> None:
        """``pause_s`` is the mean time between a client's cases."""
        self.history = history
        self.payments: list[Operation] = []
        self.cases: dict[int, Case] = {}
        self._clients = clients
        self._pause_s = pause_s

    async def run(self, *, seed: str) -> None:
        """Let every client work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pay_in(random.Random(f"{seed}/capital")))
            for number in range(self._clients):
                rng = random.Random(f"{seed}/lending/{number}")
                tasks.create_task(self._lend(f"lending-{number}", rng))

    async def settle_all(self) -> None:
        """Learn what became of every command whose answer was lost."""
        for case in self.cases.values():
            for operation in case.operations:
                if operation.outcome is Outcome.UNKNOWN:
                    await self.history.carry_out(operation)
        for operation in self.payments:
            if operation.outcome is Outcome.UNKNOWN:
                await self.history.carry_out(operation)

    async def _pay_in(self, rng: random.Random) -> None:
        while True:
            await asyncio.sleep(rng.expovariate(1 / self._pause_s))
            number = self.history.next_number()
            body = {"amount_fen": rng.randrange(1, 1000), "contributor": f"{REFERENCE}{number}"}
            operation = self.history.invoke(
                "capital", f"guarantee:/v1/funds/{NFGF}/capital", by=NFGF, body=body, number=number
            )
            self.payments.append(operation)
            await self.history.carry_out(operation)

    async def _lend(self, client: str, rng: random.Random) -> None:
        while True:
            await asyncio.sleep(rng.expovariate(1 / self._pause_s))
            case = Case(self.history.next_number())
            self.cases[case.number] = case
            plan = _Plan.draw(rng)
            try:
                await _Story(self.history, case, client, plan).play()
            except CaseEnds:
                continue


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of a case if everything is granted."""

    firm: str
    amount_fen: int
    end: str

    @classmethod
    def draw(cls, rng: random.Random) -> "_Plan":
        end = rng.choices(["repaid", "withdrawn", "left", "claimed"], [5, 2, 2, 1])[0]
        return cls(rng.choice(FIRMS), rng.randrange(1_000_000, 5_000_000), end)


class _Story:
    """The steps of one case."""

    def __init__(self, history: History, case: Case, client: str, plan: _Plan) -> None:
        self._history = history
        self._case = case
        self._client = client
        self._plan = plan

    @property
    def _today(self) -> date:
        return business_date(clock.now())

    async def play(self) -> None:
        """Play the case to its end, or until a step is refused."""
        loan = await self._contract(await self._demand())
        address = f"credit:/v1/loans/{loan['loan_id']}"
        body: Json = {"programme": SCITECH, "guarantor": GUARANTOR}
        await self._do(f"{address}/enrolment", BANK, body, version=loan["version"])
        loan = await self._until_answered(address)
        if loan["state"] != "enrolled" or self._plan.end == "left":
            return
        if self._plan.end == "withdrawn":
            body = {"withdrawn_on": str(self._today)}
            await self._do(f"{address}/withdrawal", BANK, body, version=loan["version"])
            return
        body = {"disbursed_on": str(self._today)}
        loan = await self._do(f"{address}/drawdown", BANK, body, version=loan["version"])
        if self._plan.end == "repaid":
            body = {"settled_on": str(self._today)}
            await self._do(f"{address}/settlement", BANK, body, version=loan["version"])
        else:
            await self._claim(address, loan)

    async def _demand(self) -> Json:
        plan = self._plan
        body: Json = {
            "uscc": plan.firm,
            "amount_fen": plan.amount_fen,
            "tenor_months": 12,
            "purpose": f"{REFERENCE}{self._case.number}",
        }
        demand = await self._do("credit:/v1/demands", PORTAL, body)
        address = f"credit:/v1/demands/{demand['demand_id']}"
        terms: Json = {"amount_fen": plan.amount_fen, "rate_ppm": 38_000, "tenor_months": 12}
        offered = await self._do(f"{address}/offers", BANK, terms)
        offer = offered["offers"][0]["offer_id"]
        accept = f"{address}/offers/{offer}/accept"
        return await self._do(accept, PORTAL, {}, version=offered["version"])

    async def _contract(self, demand: Json) -> Json:
        body = {
            "demand_id": demand["demand_id"],
            "bank_reference": f"{REFERENCE}{self._case.number}",
            "amount_fen": self._plan.amount_fen,
            "rate_ppm": 38_000,
            "tenor_months": 12,
            "signed_on": str(self._today - timedelta(days=100)),
        }
        return await self._do("credit:/v1/loans", BANK, body)

    async def _claim(self, address: str, loan: Json) -> None:
        today, amount = str(self._today), self._plan.amount_fen
        body: Json = {
            "overdue_since": today,
            "principal_outstanding_fen": amount,
            "reported_on": today,
        }
        loan = await self._do(f"{address}/overdue", BANK, body, version=loan["version"])
        body = {
            "classification": "substandard",
            "principal_outstanding_fen": amount,
            "classified_on": today,
        }
        loan = await self._do(f"{address}/classification", BANK, body, version=loan["version"])
        filed = {
            "guarantee_id": loan["guarantee_id"],
            "principal_outstanding_fen": amount,
            "documents": [
                {"kind": kind, "sha256": EVIDENCE}
                for kind in ("loan_contract", "guarantee_letter", "overdue_notice")
            ],
        }
        claim = await self._do_once_ready("guarantee:/v1/claims", BANK, filed)
        await self._pay(f"guarantee:/v1/claims/{claim['claim_id']}", claim)

    async def _pay(self, address: str, claim: Json) -> None:
        claim = await self._do(f"{address}/verify", GUARANTOR, {}, version=claim["version"])
        checker = f"{GUARANTOR}-checker"
        claim = await self._do(f"{address}/approve", checker, {}, version=claim["version"])
        for leg in claim["legs"]:
            if leg["amount_fen"]:
                body: Json = {"paid_on": str(self._today), "reference": f"PAY-{leg['party']}"}
                pay = f"{address}/legs/{leg['party']}/pay"
                claim = await self._do(pay, leg["org"], body, version=claim["version"])

    async def _until_answered(self, address: str) -> Json:
        """Wait for what the programme says; an outage may make that long."""
        while True:
            loan = await self._history.look(address, by=BANK)
            if loan is not None and loan["state"] != "enrolment_requested":
                return loan
            await asyncio.sleep(SOON_S)

    async def _do(self, address: str, by: str, body: Json, *, version: int | None = None) -> Json:
        operation = await self._carry_out(address, by, body, version)
        if operation.outcome is Outcome.REFUSED:
            raise CaseEnds(operation.answer.decode()[:300])
        return operation.told

    async def _do_once_ready(self, address: str, by: str, body: Json) -> Json:
        """Repeat a command that is refused until another service's event has arrived."""
        while True:
            operation = await self._carry_out(address, by, body, None)
            if operation.outcome is Outcome.OK:
                return operation.told
            await asyncio.sleep(SOON_S)

    async def _carry_out(self, address: str, by: str, body: Json, version: int | None) -> Operation:
        operation = self._history.invoke(self._client, address, by=by, body=body, if_match=version)
        self._case.operations.append(operation)
        return await self._history.carry_out(operation)
