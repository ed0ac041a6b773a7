"""Locks: one holder at a time, and a holder that is killed leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

from deploy.local import locks
from deploy.local.errors import StackError
from deploy.local.launcher import exclusive_run

_HOLD = """
import sys
from pathlib import Path
from deploy.local.locks import try_lock
held = try_lock(Path(sys.argv[1]))
print("held" if held else "refused", flush=True)
sys.stdin.read()
"""


def test_a_second_holder_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    first = locks.try_lock(path)
    assert first is not None
    assert locks.try_lock(path) is None

    first.close()
    again = locks.try_lock(path)
    assert again is not None
    again.close()


def test_a_killed_holder_blocks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", _HOLD, str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as holder:  # noqa: S603 -- ours
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert locks.try_lock(path) is None
        holder.kill()
        holder.wait()

    lock = locks.try_lock(path)
    assert lock is not None
    lock.close()


def test_sharers_keep_out_a_taker(tmp_path: Path) -> None:
    path = tmp_path / "in-use"

    with locks.shared(path), locks.shared(path):
        assert locks.try_lock(path) is None

    lock = locks.try_lock(path)
    assert lock is not None
    lock.close()


class TestExclusiveRun:
    def test_names_the_process_that_runs_already(self, tmp_path: Path) -> None:
        with exclusive_run(tmp_path):
            pid = (tmp_path / "lock").read_text(encoding="utf-8").strip()
            try:
                with exclusive_run(tmp_path):
                    problem = ""
            except StackError as error:
                problem = error.problem

        assert problem == f"this checkout is already running (pid {pid})"

    def test_removes_what_a_killed_run_left(self, tmp_path: Path) -> None:
        (tmp_path / "logs").mkdir()
        (tmp_path / "logs" / "old.log").touch()
        (tmp_path / "stack.json").touch()
        (tmp_path / "lock").write_text("1\n", encoding="utf-8")

        with exclusive_run(tmp_path):
            left = {path.name for path in tmp_path.rglob("*")}

        assert left == {"lock", "logs"}
