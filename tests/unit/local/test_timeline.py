"""The timeline of a journey: exact where it is short, condensed where it is long."""

from datetime import UTC, datetime

from deploy.local.journeys.timeline import MANY, Seen, phases

INSTANT = datetime(2026, 3, 2, tzinfo=UTC)


def seen(*types: str) -> list[Seen]:
    """Events of these types, in order."""
    return [Seen(INSTANT, name, "subject", "correlation") for name in types]


def shape(events: list[Seen]) -> list[list[tuple[str, int]]]:
    """The types and counts of each phase."""
    return [[(name, len(run)) for name, run in phase.items()] for phase in phases(events)]


class TestPhases:
    def test_keep_a_short_journeys_order(self) -> None:
        assert shape(seen("a", "b", "b", "a")) == [[("a", 1)], [("b", 2)], [("a", 1)]]

    def test_condense_what_comes_interleaved_and_often(self) -> None:
        events = seen(*["applied", "issued"] * MANY, *["drawn"] * 5, "closed")

        assert shape(events) == [
            [("applied", MANY), ("issued", MANY)],
            [("drawn", 5)],
            [("closed", 1)],
        ]

    def test_lose_no_event(self) -> None:
        events = seen(*["a", "b", "c", "a"] * MANY)

        assert sum(count for phase in shape(events) for _, count in phase) == len(events)

    def test_are_none_without_events(self) -> None:
        assert phases([]) == []
