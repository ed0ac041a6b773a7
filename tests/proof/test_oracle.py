"""The oracle itself: what it counts, on runs made by hand."""

import pytest

from tests.proof.oracle import Seen, judge


def seen(*sequences: int, subject: str = "a") -> list[Seen]:
    """Events of one aggregate as they were seen; a repeated one is the same event."""
    return [Seen(subject, sequence, f"{subject}{sequence}") for sequence in sequences]


@pytest.mark.parametrize(
    ("wire", "violations"),
    [
        (seen(1, 2, 3), {}),
        (seen(1, 2, 1, 2, 3), {}),
        (seen(1, 3), {"lost": 1}),
        (seen(1, 3, 2), {"inverted": 1}),
        (seen(3, 1, 2), {"inverted": 2}),
        (seen(1, 2, 3, 4), {"phantom": 1}),
        ([*seen(1, 2, 3), Seen("a", 3, "rolled back")], {"phantom": 1}),
        (seen(1, 2, 3, subject="b"), {"lost": 3, "phantom": 3}),
    ],
)
def test_counts_what_is_wrong_on_the_wire(wire: list[Seen], violations: dict[str, int]) -> None:
    assert judge({"a": 3}, wire).violations == violations


def test_counts_duplicates_on_the_wire_apart() -> None:
    assert judge({"a": 3}, seen(1, 2, 1, 2, 3)).duplicates == 2


def test_forgives_no_second_effect() -> None:
    verdict = judge({"a": 2}, seen(1, 2), effects=seen(1, 1))

    assert verdict.violations == {"lost effects": 1, "duplicate effects": 1}
