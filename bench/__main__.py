"""``make bench``: run the experiments, print ratios, write bench/results/<date>.json.

ONLY=E3,E6 chooses experiments, REPS=5 the repetitions, PEERS=1 adds the comparable systems.
``python -m bench --document FILE…`` writes docs/performance.md from files of bench/results.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import psutil
import uvloop
from rich.console import Console

from bench import (
    documenting,
    e1_command,
    e3_relay,
    e4a_faststream,
    e4b_debezium,
    e5_latency,
    e5b_peers,
    e6_consumer,
    e7_backlog,
    e8_budget,
    g1_split,
    g2_settlement,
    g3_hot_fund,
    g4_day_end,
    g5_case,
    reporting,
)
from bench.ground import Ground
from bench.measuring import Outcome
from deploy.local.errors import StackError
from deploy.local.signals import STOPPING, StopRequested, ignoring_stop, raising_stop
from shared import clock

Run = Callable[[Ground], Awaitable[Outcome]]
OWN = (
    *(e1_command, e3_relay, e5_latency, e6_consumer, e7_backlog, e8_budget),
    *(g1_split, g2_settlement, g3_hot_fund, g4_day_end, g5_case),
)
BESIDE_PEERS = (e4a_faststream, e4b_debezium, e5b_peers)
EXPERIMENTS: Mapping[str, Run] = {module.NAME: module.run for module in OWN}
PEERS: Mapping[str, Run] = {module.NAME: module.run for module in BESIDE_PEERS}
"""Experiments beside comparable systems, which PEERS=1 fetches."""
RESULTS = Path(__file__).with_name("results")
REPETITIONS = 5


def main() -> int:
    """Run what the environment asks for; returns 1 when a bar is missed."""
    console = Console(soft_wrap=True)
    if "--document" in sys.argv:
        return _document(sys.argv[2:], console)
    if sys.argv[1:]:
        console.print(__doc__, highlight=False, markup=False)
        return 2
    only = [name for name in os.environ.get("ONLY", "").split(",") if name]
    offered = {**EXPERIMENTS, **(PEERS if os.environ.get("PEERS") == "1" else {})}
    unknown = set(only) - set(offered)
    if unknown:
        console.print(
            f"error: no experiment {', '.join(sorted(unknown))}; {', '.join(PEERS)} need PEERS=1",
            style="red",
        )
        return 2
    wanted = {name: offered[name] for name in only or offered}
    try:
        with tempfile.TemporaryDirectory(prefix="tongzhou-bench-") as directory, raising_stop():
            Path(directory).chmod(0o755)
            ground = Ground(
                Path(directory),
                repetitions=int(os.environ.get("REPS", REPETITIONS)),
                peers=os.environ.get("PEERS") == "1",
                say=lambda text: console.print(f"  … {text}", highlight=False, markup=False),
            )
            ground.start()
            try:
                return uvloop.run(_stoppable(_measure(ground, wanted, console)))
            finally:
                with ignoring_stop():
                    ground.stop()
    except StackError as error:
        sys.stderr.write(f"error: {error}\n")
    except (StopRequested, asyncio.CancelledError):
        return 130
    return 1


def _document(names: list[str], console: Console) -> int:
    limited_by = {module.NAME: module.LIMITED_BY for module in (*OWN, *BESIDE_PEERS)}
    try:
        files = [RESULTS / name for name in names]
        text = documenting.document(files, limited_by, beside_peers=PEERS)
    except (OSError, IndexError):
        console.print("error: name files of bench/results after --document", style="red")
        return 2
    documenting.DOCUMENT.write_text(text, encoding="utf-8")
    console.print("written: docs/performance.md", highlight=False)
    return 0


async def _stoppable(measuring: Coroutine[None, None, int]) -> int:
    """End what is measured in order when somebody asks: a loop eats what a handler raises."""
    task = asyncio.ensure_future(measuring)

    def stop() -> None:
        if not task.cancelling():
            task.cancel()

    for number in STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return await task


async def _measure(ground: Ground, wanted: Mapping[str, Run], console: Console) -> int:
    document: dict[str, Any] = {
        "at": clock.now().isoformat(timespec="seconds"),
        "load_average": psutil.getloadavg()[0],
        "repetitions": ground.repetitions,
        "peers": ground.peers,
        "machine": reporting.machine(),
        "experiments": {},
    }
    path = RESULTS / f"{clock.now():%Y-%m-%dT%H%M%SZ}.json"
    for name in wanted:
        outcome = await wanted[name](ground)
        found = reporting.record(outcome)
        document["experiments"][name] = found
        reporting.show(console, name, found)
        reporting.save(path, document)
    console.print(f"\nfigures: bench/results/{path.name}", highlight=False)
    bars = [bar for found in document["experiments"].values() for bar in found["bars"]]
    return 0 if all(bar["passed"] for bar in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
