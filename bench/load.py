"""The load of the experiments: events as the services write them, drawn from a seed."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from shared.db import outbox
from shared.events.envelope import Cause
from shared.events.registry import EnterpriseRegistered

SEED = 20_260_301
KEYS = 500
NAME_CHARS = 114
"""Makes 420 bytes of data, beside which each event carries its 14 attributes as headers."""
ALPHABET = [chr(0x4E00 + place * 7) for place in range(400)]
"""Characters of names, drawn evenly: compresses worse than real names do."""
TOPIC = EnterpriseRegistered.topic()
RECORDED_AT = datetime(2026, 3, 1, tzinfo=UTC)
COLUMNS = (
    "shard", "topic", "key", "event_id", "type", "subject", "sequence", "headers", "payload",
    "recorded_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Load:
    """Rows of the outbox, ready to be copied in, and the same as bare records."""

    rows: list[tuple[object, ...]]

    def on(self, topic: str) -> list[tuple[object, ...]]:
        """Return the rows for another topic."""
        return [(row[0], topic, *row[2:]) for row in self.rows]


def make(count: int, *, keys: int = KEYS, seed: int = SEED) -> Load:
    """Make events over some keys, each key's sequences 1, 2, 3, …"""
    draw = random.Random(seed)
    sequences: dict[str, int] = {}
    rows = []
    for _ in range(count):
        key = f"91320706MA1N{draw.randrange(keys):06d}"
        sequences[key] = sequences.get(key, 0) + 1
        rows.append(row(key, sequences[key], draw))
    return Load(rows)


def row(key: str, sequence: int | None, draw: random.Random) -> tuple[object, ...]:
    """Make one row through the function that every command uses."""
    event = EnterpriseRegistered(
        uscc=key,
        name="".join(draw.choices(ALPHABET, k=NAME_CHARS)),
        region="320706",
        chain="new_energy",
    )
    trace = f"00-{draw.getrandbits(128):032x}-{draw.getrandbits(64):016x}-01"
    draft = outbox.Draft(
        event=event,
        event_id=UUID(int=draw.getrandbits(128), version=4),
        sequence=sequence,
        not_before=None,
        recorded_at=RECORDED_AT,
        cause=Cause(correlation=UUID(int=draw.getrandbits(128), version=4)),
        traceparent=trace,
    )
    return outbox.row_of(draft).values
