"""A program that runs the embedded stack until it is told to stop, for tests that kill it.

    python -m tests.support.held_stack DIRECTORY

It starts the stack and a child that ignores SIGTERM, prints the process ids as one JSON line,
and ends in good order on SIGTERM.
"""

import json
import os
import signal
import sys
from pathlib import Path

import psutil

from deploy.local.processes import Child
from deploy.local.signals import StopRequested, raising_stop
from deploy.local.stack import resolve_stack
from deploy.local.supervisor import Supervisor

_STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
while True:
    signal.pause()
"""


def say(line: str) -> None:
    """Tell the test, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(directory: Path) -> None:
    """Run until asked to stop."""
    supervisor = Supervisor()
    stubborn = Child(
        name="stubborn",
        argv=[sys.executable, "-c", _STUBBORN],
        log=directory / "logs" / "stubborn.log",
        env=os.environ,
        cwd=directory,
    )
    stack = resolve_stack(run_dir=directory, durable=False, environ={"STACK": "embedded"})
    try:
        with raising_stop(), stack:
            try:
                supervisor.start(stubborn)
                stubborn.wait_until(lambda: "deaf" in stubborn.tail(), timeout_s=10)
                supervisor.watch()
                family = psutil.Process().children(recursive=True)
                say(json.dumps([process.pid for process in family]))
                while True:
                    signal.pause()
            finally:
                supervisor.stop()
    except StopRequested:
        say("stopped" if supervisor.failure is None else "a child died")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
