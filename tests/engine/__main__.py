"""Check a million drawn cases of the engine on all cores: the nightly profile (``make engine``)."""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor

from rich.console import Console
from rich.progress import Progress

from tests.engine.properties import Broken, broken_by

CHUNK = 5_000
SHOWN = 20


def main() -> int:
    """Run and print; 1 if a property broke."""
    arguments = argparse.ArgumentParser(prog="make engine", description=__doc__)
    arguments.add_argument("--cases", type=int, default=1_000_000)
    arguments.add_argument("--seed", type=int, default=None, help="printed when it is drawn")
    asked = arguments.parse_args()
    seed = asked.seed if asked.seed is not None else int.from_bytes(os.urandom(4))
    console = Console(highlight=False)
    console.print(f"seed {seed}: {asked.cases:,} cases on {os.cpu_count()} cores")
    broken = _run(seed, asked.cases, console)
    console.print(f"{asked.cases:,} cases checked, {len(broken)} properties broken")
    for each in broken[:SHOWN]:
        console.print(f"broken: {each.name} (seed {each.seed}, case {each.number})", style="red")
    return int(bool(broken))


def _run(seed: int, cases: int, console: Console) -> list[Broken]:
    chunks = [range(n, min(n + CHUNK, cases)) for n in range(0, cases, CHUNK)]
    broken: list[Broken] = []
    with ProcessPoolExecutor() as pool, Progress(console=console) as progress:
        task = progress.add_task("cases", total=cases)
        for chunk, found in zip(
            chunks, pool.map(broken_by, [seed] * len(chunks), chunks), strict=True
        ):
            broken += found
            progress.advance(task, len(chunk))
    return broken


if __name__ == "__main__":
    sys.exit(main())
