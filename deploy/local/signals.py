"""Turn the signals that end a program into one exception in the main thread."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Somebody asked the program to end. Not an Exception: no handler of errors may eat it."""


@contextlib.contextmanager
def raising_stop() -> Iterator[None]:
    """Raise StopRequested on Ctrl-C, SIGTERM and hang-up, once; later ones are ignored."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        for each in STOPPING:
            signal.signal(each, signal.SIG_IGN)
        raise StopRequested

    with _handled(on_signal):
        yield


@contextlib.contextmanager
def ignoring_stop() -> Iterator[None]:
    """Ignore them: what stops the stack has a deadline of its own and is not left half-way."""
    with _handled(signal.SIG_IGN):
        yield


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in STOPPING}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
