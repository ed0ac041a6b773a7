"""A real service whose clock can be set, who says how it is, and who may carry a planted bug.

    python -m tests.chaos.served SERVICE ROLE

Everything else is the service as it is shipped. TONGZHOU_CHAOS_DIR names a directory: the file
`SERVICE.offset` there holds the seconds by which this process's clock is wrong, and the process
writes its counts of tasks, file descriptors and memory to `PID.probe`.
"""

import asyncio
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from shared import clock

DIRECTORY = "TONGZHOU_CHAOS_DIR"
PLANT = "TONGZHOU_CHAOS_PLANT"
LOOK_EVERY_S = 0.2
PROBE_EVERY_S = 1.0


class WrongClock:
    """The system's clock and an offset that a file holds."""

    def __init__(self, right: Callable[[], datetime], file: Path) -> None:
        self._right = right
        self._file = file
        self._offset = timedelta()
        self._next_look = 0.0

    def __call__(self) -> datetime:
        """Return the instant that this process believes in."""
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_EVERY_S
            text = self._file.read_text(encoding="ascii") if self._file.exists() else ""
            self._offset = timedelta(seconds=float(text or 0))
        return self._right() + self._offset


async def probe(directory: Path) -> None:
    """Write this process's counts from time to time, until cancelled."""
    process = psutil.Process()
    target = directory / f"{process.pid}.probe"
    partial = target.with_suffix(".partial")
    while True:
        counts = {
            "tasks": len(asyncio.all_tasks()),
            "fds": process.num_fds(),
            "rss": process.memory_info().rss,
        }
        partial.write_text(json.dumps(counts), encoding="ascii")
        partial.replace(target)
        await asyncio.sleep(PROBE_EVERY_S)


def probing(
    run: Callable[[Coroutine[Any, Any, int]], int], directory: Path
) -> Callable[[Coroutine[Any, Any, int]], int]:
    """Let whatever the runner runs have a probe beside it."""

    async def beside(work: Coroutine[Any, Any, int]) -> int:
        watching = asyncio.create_task(probe(directory))
        try:
            return await work
        finally:
            watching.cancel()

    return lambda work: run(beside(work))


def main(service: str, role: str) -> int:
    """Run the service in the role."""
    directory = Path(os.environ[DIRECTORY])
    # Before anything else is imported: defaults of arguments keep what stands here now.
    clock.now = WrongClock(clock.now, directory / f"{service}.offset")
    runner = importlib.import_module("shared.runner")
    runner.uvloop.run = probing(runner.uvloop.run, directory)
    plants = importlib.import_module("tests.chaos.plants")
    plants.plant(os.environ.get(PLANT, ""))
    sys.argv = [service, role]
    application = importlib.import_module(f"services.{service}.app")
    status: int = runner.main(application.SERVICE)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
