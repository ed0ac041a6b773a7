"""Whether a consumer gets on: work without an attempt at it is a stall, and nothing else is."""

from shared.messaging.progress import STALLED_S, Progress

TOPIC = "tongzhou.registry.enterprise.v1"


class Stopwatch:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def a_progress() -> tuple[Progress, Stopwatch]:
    watch = Stopwatch()
    return Progress(read_monotonic=watch), watch


class TestStalled:
    def test_when_there_is_work_and_no_attempt(self) -> None:
        progress, watch = a_progress()
        progress.saw({TOPIC: 3})

        watch.seconds += STALLED_S + 1

        assert progress.stalled()
        assert progress.idle_s() == STALLED_S + 1

    def test_not_while_it_tries(self) -> None:
        progress, watch = a_progress()
        progress.saw({TOPIC: 3})
        watch.seconds += STALLED_S

        progress.tried()
        watch.seconds += 1

        assert not progress.stalled()

    def test_not_without_work(self) -> None:
        progress, watch = a_progress()
        progress.saw({TOPIC: 0})

        watch.seconds += 10 * STALLED_S

        assert not progress.stalled()

    def test_counts_from_when_there_was_no_work(self) -> None:
        progress, watch = a_progress()
        watch.seconds += 10 * STALLED_S
        progress.saw({TOPIC: 0})
        watch.seconds += 1

        progress.saw({TOPIC: 5})

        assert progress.idle_s() == 1

    def test_not_while_nobody_can_say_how_much_there_is(self) -> None:
        progress, watch = a_progress()
        progress.saw({TOPIC: 3})
        watch.seconds += 10 * STALLED_S

        progress.saw({})

        assert not progress.stalled()
