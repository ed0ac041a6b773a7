"""Keeps the children of a run together: watches them, and ends them in order and in time."""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.local.errors import StackError
from deploy.local.processes import Child

# Services first, all at once; then Kafka, then PostgreSQL, each with a grace of its own.
# The three graces and the kills after them stay below ten seconds.
SERVICES_GRACE_S = 4.0
_WATCH_EVERY_S = 0.25
_POLL_S = 0.02


@dataclass(slots=True)
class Supervisor:
    """The services of a run, and a watcher that ends the run when one of the children dies.

    Nothing is restarted: on a laptop a death is a bug to be seen, not to be papered over.
    """

    children: list[Child] = field(default_factory=list)
    failure: StackError | None = None
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _watcher: threading.Thread | None = field(default=None, init=False)

    def start(self, child: Child) -> None:
        """Start a service and keep it. Call from the main thread: the leash is tied to it."""
        self.children.append(child)
        child.start()

    def watch(self, deaths: Callable[[], StackError | None] = lambda: None) -> None:
        """Watch from now on; `deaths` reports on servers that the stack itself started.

        A death is kept as `failure` and the main thread is asked to stop by SIGTERM.
        """
        self._watcher = threading.Thread(
            target=self._watch, args=(deaths,), name="watcher", daemon=True
        )
        self._watcher.start()

    def _watch(self, deaths: Callable[[], StackError | None]) -> None:
        while not self._stopping.wait(_WATCH_EVERY_S):
            failure = self._dead_child() or deaths()
            # Looked at again: a stop that began meanwhile is not a death.
            if failure is not None and not self._stopping.is_set():
                self.failure = failure
                os.kill(os.getpid(), signal.SIGTERM)
                return

    def _dead_child(self) -> StackError | None:
        return next((child.death() for child in self.children if not child.running), None)

    def stop(self, *, grace_s: float = SERVICES_GRACE_S) -> None:
        """Ask all services to end, wait for them together, and kill those past the deadline."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()
        deadline = time.monotonic() + grace_s
        for child in self.children:
            child.ask_to_stop()
        while any(child.running for child in self.children) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        for child in self.children:
            child.kill()
