"""One child process of the local stack: start it leashed, watch it, stop it, hurt it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.local.errors import FULL_DISK, StackError

_LEASH = Path(__file__).with_name("leash.py")
_POLL_S = 0.02
_TAIL_LINES = 20
_TAIL_BYTES = 16_384
_REAP_TIMEOUT_S = 5.0


@dataclass(slots=True)
class Child:
    """A supervised child in a session of its own, so that Ctrl-C reaches only the launcher.

    `death_signal` is what the kernel sends it if the launcher is killed; `stop_signal` asks it
    to end in good order. `user` is the operating system user to become, or None to stay.
    """

    name: str
    argv: Sequence[str]
    log: Path
    env: Mapping[str, str]
    cwd: Path
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the command; its output is appended to the log file.

        Call from the main thread: the kernel ends the child when the thread that started it does.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        leash = [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid())]
        command = [*leash, str(int(self.death_signal)), self.user or "-", *self.argv]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(self.env),
                cwd=self.cwd,
                start_new_session=True,
            )

    @property
    def pid(self) -> int | None:
        """The process id, or None before the first start."""
        return None if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How the process ended, or None while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    def tail(self) -> str:
        """Return the last lines of the log, for a report on a child that died."""
        with contextlib.suppress(FileNotFoundError), self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
            return "\n".join(lines[-_TAIL_LINES:])
        return ""

    def death(self) -> StackError:
        """Describe why the child is gone, from its exit code and its log."""
        tail = self.tail()
        if "No space left on device" in tail:
            return FULL_DISK
        return StackError(
            f"{self.name} ended (exit code {self.exit_code}); the last it said:\n{tail}",
            mend=f"read {self.log}; make doctor checks the usual causes",
        )

    def family(self) -> list[psutil.Process]:
        """Return the process and everything it started, leader first."""
        if not self.running or self.pid is None:
            return []
        try:
            leader = psutil.Process(self.pid)
            return [leader, *leader.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def ask_to_stop(self) -> None:
        """Send the stop signal to the leader, and let a frozen family run so that it can obey."""
        if self.running and self._process is not None:
            self.thaw()
            self._process.send_signal(self.stop_signal)

    def kill(self) -> None:
        """End the whole family at once (SIGKILL) and wait until it is gone."""
        family = self.family()
        _signal_all(family, signal.SIGKILL)
        if self._process is not None:
            self._process.wait(timeout=_REAP_TIMEOUT_S)
        _wait_gone(family, timeout_s=_REAP_TIMEOUT_S)

    def freeze(self) -> None:
        """Suspend the whole family (SIGSTOP): alive to the kernel, silent to its clients."""
        _signal_all(self.family(), signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen family go on (SIGCONT)."""
        _signal_all(self.family(), signal.SIGCONT)

    def stop(self, *, grace_s: float) -> None:
        """Ask, wait at most `grace_s` seconds, then kill."""
        family = self.family()
        self.ask_to_stop()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=grace_s)
            self.kill()
        # Those whose leader left without them; a pid that was reused since is not signalled.
        _signal_all(family, signal.SIGKILL)

    def wait_until(self, ready: Callable[[], bool], *, timeout_s: float) -> None:
        """Wait until `ready()` holds. Raises StackError if the child dies or time runs out."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            if not self.running:
                raise self.death()
            if time.monotonic() > deadline:
                raise StackError(
                    f"{self.name} was not ready after {timeout_s:.0f} s; the last it said:\n"
                    f"{self.tail()}",
                    mend=f"read {self.log}; make doctor checks the usual causes",
                )
            time.sleep(_POLL_S)


def _signal_all(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _wait_gone(processes: Iterable[psutil.Process], *, timeout_s: float) -> None:
    # An orphan stays a zombie until process 1 reaps it, which in a container may take a while;
    # its files and sockets are closed already.
    deadline = time.monotonic() + timeout_s
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                if time.monotonic() > deadline:
                    return
                time.sleep(_POLL_S)
