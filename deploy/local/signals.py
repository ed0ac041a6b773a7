"""Turn the signals that end a program into one exception in the main thread."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Somebody asked the program to end. Not an Exception: no handler of errors may eat it."""


@contextlib.contextmanager
def raising_stop() -> Iterator[None]:
    """Raise StopRequested on Ctrl-C, SIGTERM and hang-up, once.

    Later ones are ignored: what stops the stack must not be interrupted half-way, and has a
    deadline of its own.
    """

    def on_signal(number: int, frame: FrameType | None) -> None:
        for each in STOPPING:
            signal.signal(each, signal.SIG_IGN)
        raise StopRequested

    before = {number: signal.signal(number, on_signal) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
