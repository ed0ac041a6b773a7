"""Record headers in Kafka's own form: what was written is read, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import wire


@given(st.lists(st.tuples(st.text(max_size=300), st.binary(max_size=300))))
def test_reads_what_it_wrote(headers: list[tuple[str, bytes]]) -> None:
    assert wire.decoded(wire.encoded(headers)) == headers


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "00"), (-1, "01"), (1, "02"), (63, "7e"), (-65, "8101"), (300, "d804")],
)
def test_writes_numbers_as_kafka_does(number: int, written: str) -> None:
    assert wire.varint(number).hex() == written


@pytest.mark.parametrize("cut", range(len(wire.encoded([("a", b"bc")]))))
def test_refuses_what_is_cut_short(cut: int) -> None:
    with pytest.raises(ValueError, match=r"early|longer"):
        wire.decoded(wire.encoded([("a", b"bc")])[:cut])


def test_refuses_what_is_too_long() -> None:
    with pytest.raises(ValueError, match="more"):
        wire.decoded(wire.encoded([]) + b"x")


def test_glimpses_one_value() -> None:
    block = wire.encoded([("ce_id", b"1"), ("ce_traceparent", b"00-ab"), ("ce_traceparents", b"x")])

    assert wire.glimpse(block, "ce_traceparent") == b"00-ab"
    assert wire.glimpse(block, "ce_time") is None
