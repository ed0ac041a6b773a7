"""E1: commands per second over REST, against pgbench of the identical SQL with as many clients.

E2: what outbox and idempotency rows cost a transaction, pgbench against pgbench.
"""

import asyncio
import os
import re
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bench import commanding, programs
from bench.costs import Meter
from bench.ground import Ground
from bench.measuring import Bar, Leg, Outcome, Sample, in_turn
from deploy.local.clients import CLIENTS
from deploy.local.issuer import Issuer
from deploy.local.postgres import install_dir
from shared.db.provision import ServiceDsns

NAME = "E1"
TITLE = "REST command with idempotency row and outbox; what the two rows cost"
CLIENTS_AT_ONCE = 16
COMMANDS = 6_000
TRANSACTIONS = 1_500
NOTED = 1
PROCESSES = os.cpu_count() or 1
"""Api processes of the first leg: pgbench, too, has a backend on every core."""
LIMITED_BY = (
    "E1: the processor, about 2.4 ms of the api process per command: half is the "
    "framework's dispatch (routing, dependencies, validation, the answer), the rest the driver, "
    "eight statements and their spans; one process has one core of it, one per core share the "
    "machine with the load and PostgreSQL"
)
BARS = (
    Bar("E1 command over pgbench", "commands/s", "REST", over="pgbench", at_least=0.30),
    Bar("E1 with one api process alone", "commands/s", "REST, one process", over="pgbench"),
    Bar("E2 with the rows over without", "commands/s", "pgbench", over="without", at_least=0.55),
)
NOTES = (
    f"{CLIENTS_AT_ONCE} clients; an api process per core, and one alone; JWT, Pydantic "
    "body, idempotency, outbox on; load, service and PostgreSQL share the same cores",
)


async def run(ground: Ground) -> Outcome:
    """Measure the four legs in turn, each on a database of its own."""
    issuer = Issuer(CLIENTS)
    issuer.start()
    try:
        legs: dict[str, Leg] = {
            "REST": lambda: rest(ground, issuer, processes=PROCESSES),
            "REST, one process": lambda: rest(ground, issuer, processes=1),
            "pgbench": lambda: bare(ground, issuer, bookkeeping=True),
            "without": lambda: bare(ground, issuer, bookkeeping=False),
        }
        samples = await in_turn(legs, repetitions=ground.repetitions, say=ground.say)
    finally:
        issuer.stop()
    return Outcome(NAME, TITLE, samples, BARS, NOTES)


async def rest(ground: Ground, issuer: Issuer, *, processes: int) -> Sample:
    """Register enterprises through the running service, the clients spread over its processes."""
    async with ground.database() as dsns, AsyncExitStack() as running:
        apis = [
            await running.enter_async_context(programs.service(ground, "api", dsns, issuer=issuer))
            for _ in range(processes)
        ]
        token = issuer.token(commanding.CLIENT)
        ports = ",".join(str(port) for _, port in apis)
        load = ("bench.http_load", ports, token, CLIENTS_AT_ONCE)
        await programs.report_of(*load, 500, 1)
        named = {f"service {place}": child for place, (child, _) in enumerate(apis)}
        meter = Meter(ground.families(**named))
        meter.start()
        took = await programs.report_of(*load, COMMANDS, 1_000)
        sample = meter.stop(per=COMMANDS, of="service", unit="command")
    return {
        **sample,
        "commands/s": COMMANDS / took["seconds"],
        "ms p50": took["p50"] * 1e3,
        "ms p99": took["p99"] * 1e3,
        "us of the load's cpu/command": took["cpu"] / COMMANDS * 1e6,
    }


async def bare(ground: Ground, issuer: Issuer, *, bookkeeping: bool) -> Sample:
    """Run the same statements by pgbench."""
    async with ground.database() as dsns:
        statements = await commanding.noted(dsns, issuer, number=NOTED)
        text = commanding.script(statements, number=NOTED + 1, bookkeeping=bookkeeping)
        file = ground.directory / "command.sql"
        await asyncio.to_thread(file.write_text, text, encoding="utf-8")
        return {"commands/s": await pgbench(dsns, file), "statements": float(len(statements))}


async def pgbench(dsns: ServiceDsns, file: Path) -> float:
    """Run a script and return its transactions per second."""
    parts = urlsplit(dsns.app)
    options = ["-n", "-M", "prepared", "-j", "1", "-c", str(CLIENTS_AT_ONCE)]
    process = await asyncio.create_subprocess_exec(
        str(install_dir() / "bin" / "pgbench"),
        *options,
        *("-t", str(TRANSACTIONS), "-f", str(file)),
        *("-h", str(parts.hostname), "-p", str(parts.port), "-U", unquote(str(parts.username))),
        parts.path.lstrip("/"),
        env={**os.environ, "PGPASSWORD": unquote(str(parts.password))},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    found = re.search(r"tps = ([0-9.]+)", said.decode())
    if process.returncode != 0 or found is None:
        raise RuntimeError(f"pgbench: {complained.decode()[-2000:]}")
    return float(found[1])
