"""Nothing outlives a run: not after SIGTERM, not after SIGKILL, not when a child dies."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from deploy.local.places import CHECKOUT
from deploy.local.supervisor import SERVICES_GRACE_S

pytestmark = pytest.mark.integration

STOP_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Held:
    """A running program with a stack and a stubborn child."""

    program: "subprocess.Popen[str]"
    children: list[psutil.Process]

    def named(self, text: str) -> psutil.Process:
        """The child whose command line contains the text."""
        return next(child for child in self.children if text in " ".join(child.cmdline()))

    def last_words(self) -> str:
        """What the program says until it ends."""
        assert self.program.stdout is not None
        return self.program.stdout.read().strip()


@contextmanager
def held_stacks(*directories: Path) -> Iterator[list[Held]]:
    """Run the program below each directory, all at once; whatever the test left is killed."""
    with ExitStack() as resources:
        programs = []
        for directory in directories:
            program = subprocess.Popen(  # noqa: S603 -- our own program
                [sys.executable, "-m", "tests.support.held_stack", str(directory)],
                cwd=CHECKOUT,
                stdout=subprocess.PIPE,
                text=True,
            )
            resources.enter_context(program)
            resources.callback(program.kill)
            programs.append(program)
        yield [_held(program) for program in programs]


@contextmanager
def held_stack(directory: Path) -> Iterator[Held]:
    """Run the program below one directory."""
    with held_stacks(directory) as (held,):
        yield held


def _held(program: "subprocess.Popen[str]") -> Held:
    """Wait until a program has said which processes are its own."""
    assert program.stdout is not None
    return Held(program, [psutil.Process(pid) for pid in json.loads(program.stdout.readline())])


def _gone(process: psutil.Process) -> bool:
    try:
        # An orphan stays a zombie until process 1 reaps it.
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _eventually(holds: Callable[[], bool], *, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


def test_sigterm_ends_everything_in_time_even_the_stubborn(tmp_path: Path) -> None:
    with held_stack(tmp_path) as held:
        began = time.monotonic()
        held.program.terminate()
        held.program.wait(timeout=STOP_WITHIN_S)

        assert SERVICES_GRACE_S < time.monotonic() - began < STOP_WITHIN_S
        assert held.last_words() == "stopped"
        assert all(_gone(child) for child in held.children)
    assert not (tmp_path / "kafka").exists()
    assert not (tmp_path / "postgres").exists()


def test_sigkill_of_the_launcher_leaves_no_process_and_blocks_no_next_start(tmp_path: Path) -> None:
    with held_stack(tmp_path) as first:
        first.program.kill()

        assert _eventually(
            lambda: all(_gone(child) for child in first.children), within_s=STOP_WITHIN_S
        )

    with held_stack(tmp_path) as second:
        assert second.program.poll() is None


def test_a_child_that_dies_ends_the_run(tmp_path: Path) -> None:
    with held_stack(tmp_path) as held:
        held.named("SIG_IGN").kill()

        held.program.wait(timeout=STOP_WITHIN_S)
        assert held.last_words() == "a child died"
        assert all(_gone(child) for child in held.children)


def test_postgres_never_runs_as_root(tmp_path: Path) -> None:
    with held_stack(tmp_path) as held:
        assert held.named("pginstall").uids().effective != 0


def test_a_second_stack_runs_beside_the_first(tmp_path: Path) -> None:
    with held_stacks(tmp_path / "first", tmp_path / "second") as (first, second):
        pids = {child.pid for child in first.children}

        assert pids.isdisjoint(child.pid for child in second.children)
        assert first.program.poll() is None
